"""How well the texts of a view can be read: WCAG 2.2, success criterion 1.4.3."""

from __future__ import annotations

from playwright.sync_api import Locator

# Relative luminance and contrast ratio as WCAG 2.2 defines them. What a text is written on: the backgrounds of what
# it is inside of; in a drawing, the shapes before it that it lies in. What is disabled need not be readable.
MEASURE = """root => {
    const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = color;
        pixel.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const luminance = (color) => {
        const [r, g, b] = color.map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const shapes = (text) => {
        const svg = text.closest("svg"), at = text.getBoundingClientRect();
        const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
        return [...svg.querySelectorAll("rect, circle, path, polygon")].filter((shape) => {
            const box = shape.getBoundingClientRect();
            const before = shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
            return before && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
        }).map((shape) => getComputedStyle(shape)).filter((s) => s.fill !== "none")
            .map((s) => [...rgba(s.fill).slice(0, 3), rgba(s.fill)[3] * s.fillOpacity * s.opacity]);
    };
    const behind = (element) => {
        const layers = element instanceof SVGElement ? shapes(element).reverse() : [];
        for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
        return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const opacity = (element) => {
        let all = 1;
        for (let e = element; e; e = e.parentElement) all *= getComputedStyle(e).opacity;
        return all;
    };
    const faint = [];
    let texts = 0;
    for (const element of root.querySelectorAll("*")) {
        const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(" ").trim();
        if (!text || !element.checkVisibility() || !element.getBoundingClientRect().width) continue;
        if (element.closest(":disabled, [aria-disabled=true], option, style, .rtcnb-unseen")) continue;
        texts++;
        const style = getComputedStyle(element);
        const ground = behind(element);
        const color = rgba(element instanceof SVGElement ? style.fill : style.color);
        const [bright, dark] = [over([...color.slice(0, 3), color[3] * opacity(element)], ground), ground]
            .map(luminance).sort((a, b) => b - a);
        const ratio = (bright + 0.05) / (dark + 0.05);
        const size = parseFloat(style.fontSize), bold = style.fontWeight >= 700;
        const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
        if (ratio < wanted) faint.push(`${ratio.toFixed(2)} <${element.localName} class="${
            element.getAttribute("class") ?? ""}"> ${text.slice(0, 40)}`);
    }
    return { texts, faint: [...new Set(faint)] };
}"""


def measure(view: Locator) -> tuple[int, list[str]]:
    """Return how many texts a view shows, and those whose contrast is less than level AA asks for."""
    measured = view.evaluate(MEASURE)
    return measured["texts"], measured["faint"]

"""Controls of a function: ipywidgets' own, whose values hold while a cell runs too."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from ..errors import MediaError
from ..runtime.displays import close_widget

log = logging.getLogger("rtcnb")


class Controls:
    """A widget for each control of a function, and their values.

    Parameters
    ----------
    function : callable
        Its parameters after the first are the controls' names; their defaults the first values.
    abbreviations : dict
        By name, as in ``ipywidgets.interact``.
    earlier : dict
        Values of the function that this one takes the place of; kept where they still fit.

    Attributes
    ----------
    widgets : dict of str to ipywidgets.Widget
    values : dict
        What the function is called with, by name.

    Raises
    ------
    MediaError
        The function has no such parameter, or no control can be made of what was given.
    """

    def __init__(
        self, function: Callable[..., Any], abbreviations: dict[str, Any], earlier: dict[str, Any]
    ) -> None:
        parameters = _parameters(function)
        unknown = set(abbreviations) - set(parameters) if parameters is not None else set()
        if unknown:
            raise MediaError(
                f"process(): {getattr(function, '__name__', 'the function')} has no parameter "
                f"{', '.join(sorted(unknown))}. It has {', '.join(parameters or ()) or 'only the image'}."
            )
        self.widgets: dict[str, Any] = {}
        self._lock = threading.Lock()  # a stream may end, and close them, while a cell is about to show them
        self._given: set[str] = set()
        self.values: dict[str, Any] = {}
        for name, abbreviation in abbreviations.items():
            default = (parameters or {}).get(name, inspect.Parameter.empty)
            widget = _widget(name, abbreviation, default)
            self.widgets[name] = widget
            if widget is abbreviation:
                self._given.add(name)
            if default is not inspect.Parameter.empty and widget is not abbreviation:
                self._keep(widget, default)
            if name in earlier:
                self._keep(widget, earlier[name])
            self.values[name] = widget.value
            widget.observe(lambda change, name=name: self.set(name, change["new"]), names="value")

    def set(self, name: str, value: Any) -> None:
        """Use this value from the next frame on."""
        self.values[name] = value

    def put_into(self, box: ipywidgets.Box) -> dict[str, str]:
        """Fill a box with the widgets; return references to them by name. Closed ones are left out."""
        with self._lock:
            shown = {name: widget for name, widget in self.widgets.items() if widget.comm is not None}
            box.children = tuple(shown.values())
            return {name: f"IPY_MODEL_{widget.model_id}" for name, widget in shown.items()}

    def close(self) -> None:
        """Close the widgets that were made here; given ones belong to whoever gave them."""
        with self._lock:
            for name, widget in self.widgets.items():
                if name not in self._given:
                    close_widget(widget)

    def set_from_page(self, name: str, trait: str, value: Any) -> None:
        """Use a value that the page sent ahead of the widget's own message, which waits behind a cell."""
        widget = self.widgets.get(name)
        if widget is None:
            return
        try:
            chosen = _from_json(widget, trait, value)
            validate = getattr(widget.traits()["value"], "validate", None)  # a menu's value may be anything
            self.set(name, validate(widget, chosen) if validate is not None else chosen)
        except (traitlets.TraitError, TypeError, ValueError, IndexError) as error:
            log.warning("control %s: %s", name, error)

    @staticmethod
    def _keep(widget: Any, value: Any) -> None:
        try:
            widget.value = value
        except (traitlets.TraitError, TypeError, ValueError):
            pass  # the new control is of another kind; it begins with its own value


def _parameters(function: Callable[..., Any]) -> dict[str, Any] | None:
    """Return the defaults of the parameters after the first by name; None where any name is taken."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a builtin says nothing of its parameters
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return {p.name: p.default for p in parameters[1:] if p.kind is not p.VAR_POSITIONAL}


def _widget(name: str, abbreviation: Any, default: Any) -> Any:
    if isinstance(abbreviation, ipywidgets.ValueWidget):
        return abbreviation
    empty = inspect.Parameter.empty
    widget = ipywidgets.interactive.widget_from_abbrev(
        abbreviation, default if default is not None else empty
    )
    if widget is None:
        raise MediaError(
            f"process(): no control can be made of {name}={abbreviation!r}. Give (from, to) or (from, to, step) "
            "for a slider, True or False for a checkbox, a list for a menu, or a text."
        )
    widget.description = widget.description or name
    return widget


def _from_json(widget: Any, trait: str, value: Any) -> Any:
    """Return a widget's value from what its model in the page knows: of a menu, that is the index."""
    if trait == "index":
        options = widget.options
        chosen = list(options.values())[value] if isinstance(options, dict) else options[value]
        return chosen[1] if isinstance(chosen, tuple) and len(chosen) == 2 else chosen
    return tuple(value) if isinstance(value, list) else value

"""Where things run: the background event loop in the kernel, and the link to the browser page."""

"""The two ends of a call: BrowserPeer in the page, KernelPeer in the kernel, with one interface."""

"""Questions a shop asks: one module each, with its parameters and its answer."""

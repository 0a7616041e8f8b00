"""Models: what each learns from, how it is fitted and judged, and what it writes."""

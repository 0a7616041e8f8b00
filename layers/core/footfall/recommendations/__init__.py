"""Recommendations: what people did with products, as a graph that is walked, counted and judged; no I/O."""

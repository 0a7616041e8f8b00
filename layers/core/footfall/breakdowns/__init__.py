"""Figures of people and sessions for each value of a dimension."""

"""Funnels: which events are steps, who went how far, and when a rate broke; pure functions."""

"""The version of how texts are read."""

VERSION = 1
"""Raised whenever a text may be read otherwise, by weights, categories or languages: older ones are read anew."""

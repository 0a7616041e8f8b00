"""Structured logs. Never a body, a header, a query or a person's data: only names, counts, ids of our own."""

from functools import cache

from aws_lambda_powertools.logging import Logger


@cache
def logger() -> Logger:
    """Returns the function's logger; its service name and level come from the environment."""
    return Logger()

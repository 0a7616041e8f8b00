"""Structured logs. Never a body, a header, a query or a person's data: only names, counts, ids of our own.

What an error says may be any of these: a failed bulk write says the documents, a failed validation the input. So of an
error its class is logged, and where it was raised.
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from traceback import extract_tb
from typing import ParamSpec, TypeVar

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from footfall.errors import FootfallError

UNTOLD = "what it says may hold documents: the log says where it was raised"
"""What is told of an error that is not ours."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Failed(Exception):
    """Raised in place of an error whose text may hold a document, under the name of its class."""


class CodesOnly(LambdaPowertoolsFormatter):
    """Writes of an error its class and the lines that led there, and nothing that it says."""

    def _extract_log_exception(
        self, log_record: logging.LogRecord
    ) -> tuple[str, str, list[str]] | tuple[None, None, None]:
        if not log_record.exc_info or log_record.exc_info[0] is None:
            return None, None, None
        kind, _, trace = log_record.exc_info
        lines = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(trace))
        return "\n".join(lines), kind.__name__, []


@cache
def logger() -> Logger:
    """Returns the function's logger; its service name and level come from the environment."""
    return Logger(logger_formatter=CodesOnly(serialize_stacktrace=False))


def telling_codes(handler: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Returns a handler whose errors say nothing but what they are: Lambda logs them, and hands them to dead letters.

    Our own errors stay as they are: they name fields and stores, and hold no values. Others become Failed.
    """

    @wraps(handler)
    def told(*arguments: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            return handler(*arguments, **options)
        except FootfallError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, its text must not be logged
            logger().exception("the function failed")
            raise _named(error) from None

    return told


def _named(error: Exception) -> Failed:
    # by its class whoever called knows it; of its text nothing is left
    kind: type[Failed] = type(type(error).__name__, (Failed,), {})
    return kind(UNTOLD)

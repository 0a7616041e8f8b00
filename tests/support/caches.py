"""What an execution environment keeps between invocations, forgotten between tests."""

import sys

from cachetools import Cache
from footfall.stores import redis


def forget_what_is_cached() -> None:
    """Have footfall and the functions read their settings and make their clients anew."""
    loaded = [module for name, module in sys.modules.items() if name.startswith(("footfall.", "functions."))]
    for cached in {value for module in loaded for value in vars(module).values() if hasattr(value, "cache_clear")}:
        cached.cache_clear()
    forget_what_is_kept()


def forget_what_is_kept() -> None:
    """Have what was read of a site be read anew, after its people were numbered anew."""
    loaded = [module for name, module in sys.modules.items() if name.startswith(("footfall.", "functions."))]
    for module in loaded:
        for kept in [value for value in vars(module).values() if isinstance(value, Cache)]:
            kept.clear()


def forget_redis() -> None:
    """Have a new client made, and Redis asked again whatever it failed at before."""
    redis.client.cache_clear()
    vars(redis)["breaker"] = redis.Breaker()


def forget_answers() -> None:
    """Remove what is remembered of answers, after documents were changed that nothing marks."""
    redis.client().flushdb()

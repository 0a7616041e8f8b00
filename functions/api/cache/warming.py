"""What most people ask first, asked again by itself."""

from typing import Any

from footfall.aws.functions import start
from footfall.settings import WarmingSettings, from_environment

DASHBOARD_QUESTIONS = ("/api/metrics/dashboard",)
FUNNEL_QUESTIONS = ("/api/funnel", "/api/funnel?breakdown=device", "/api/funnel/trend")


def ask_again(site_id: str) -> list[str]:
    """Have what most people ask first computed, and so remembered, after this has returned; answers what that is."""
    functions = from_environment(WarmingSettings)
    asked = dict.fromkeys(DASHBOARD_QUESTIONS, functions.metrics_function_name)
    asked |= dict.fromkeys(FUNNEL_QUESTIONS, functions.funnel_function_name)
    for question, function in asked.items():
        start(function, _as_asked(site_id, question), "the questions cannot be asked again")
    return list(asked)


def _as_asked(site_id: str, question: str) -> dict[str, Any]:
    """A question as the gateway would pass it on for a reader of the site."""
    path, _, query = question.partition("?")
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {},
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"},
            "authorizer": {"lambda": {"site_id": site_id, "scopes": "read", "key_id": "operations"}},
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }

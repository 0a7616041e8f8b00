"""What a user agent says of who sent an event: the kind of device, the browser and its system, and whether it is a bot.

Families are ua-parser's (https://github.com/ua-parser/uap-core), bots are those of
https://github.com/monperrus/crawler-user-agents; both lists are matched by ua-parser's Rust engine, some 15 µs a text.
"""

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver
from ua_parser_rs import UserAgentExtractor

from footfall.events.agent import Agent

SENDERS = frozenset(
    {
        "^curl",
        "^HTTPie\\/",
        "^Apache-HttpClient",
        "^PHP-Curl-Class",
        "AHC\\/",
        "Amazon CloudFront",
        "CustomAsyncHttpClient",
        "Go-http-client",
        "HttpUrlConnection",
        "Jetty",
        "Python-urllib",
        "aiohttp",
        "axios",
        "httpx",
        "node-fetch",
        "okhttp",
        "python-requests",
        "sindresorhus\\/got",
    }
)
"""Of the list, what never loads a page: who sends events with these means to, from a server or an app."""
DESKTOPS = frozenset({"Windows", "Mac OS X", "Mac OS", "Chrome OS"})
PHONES = frozenset(
    {
        "BlackBerry OS",
        "Brew MP",
        "Firefox OS",
        "KaiOS",
        "Nokia Series 30 Plus",
        "Nokia Series 40",
        "Symbian OS",
        "Windows Mobile",
        "Windows Phone",
    }
)
TELEVISIONS = ("TV", " AFT")
"""Android's televisions name themselves so; AFT begins Amazon's models (developer.amazon.com, Fire TV)."""


BROWSERS, SYSTEMS, _ = load_lazy_builtins()
FAMILIES = Resolver((BROWSERS, SYSTEMS, []))
"""Without devices: their thousand patterns cost 16 MB, and know few tablets."""
BOTS = UserAgentExtractor(
    (known["pattern"], "bot", None, None, None, None)
    for known in CRAWLER_USER_AGENTS_DATA
    if known["pattern"] not in SENDERS
)


def read_agent(user_agent: str) -> Agent:
    """Returns what a user agent says; one that lies is believed, as Safari's on an iPad that asks for desktop pages."""
    found = FAMILIES(user_agent, Domain.USER_AGENT | Domain.OS)
    browser = found.user_agent.family if found.user_agent else None
    os = found.os.family if found.os else None
    return Agent(_device(user_agent, browser, os), browser, os, bot=BOTS.extract(user_agent) is not None)


def _device(user_agent: str, browser: str | None, os: str | None) -> str:
    if os == "iOS":
        return "Tablet" if "iPad" in user_agent else "Mobile"
    if os == "Android":
        return _android(user_agent, browser)
    if os in PHONES or browser == "Opera Mini":
        return "Mobile"
    return "Desktop" if os in DESKTOPS or "X11" in user_agent else "Other"


def _android(user_agent: str, browser: str | None) -> str:
    # Phones say `Mobile`, tablets do not (https://developer.chrome.com/docs/multidevice/user-agent). Exceptions:
    # Kindles say it when they want a phone's pages; Opera Mini and apps that are no browsers never do.
    if any(mark in user_agent for mark in TELEVISIONS):
        return "Other"
    if browser == "Amazon Silk":
        return "Tablet"
    is_page = user_agent.startswith("Mozilla/")
    return "Mobile" if "Mobile" in user_agent or browser == "Opera Mini" or not is_page else "Tablet"

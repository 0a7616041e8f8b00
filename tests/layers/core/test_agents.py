"""User agents, those above all that other products read wrongly."""

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from footfall.events.agent import NO_AGENT
from footfall.events.agent_lists import SENDERS, read_agent
from footfall.events.devices import LONGEST_AGENT, agent_of, device_of

from tests.support.builders import a_document

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/130.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/17.4 Safari/605.1.15"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) {SAFARI}"


AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36": ("Desktop", "Chrome", "Windows"),
    f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/130.0.0.0": ("Desktop", "Edge", "Windows"),
    "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko": ("Desktop", "IE", "Windows"),
    MAC: ("Desktop", "Safari", "Mac OS X"),
    "Mozilla/5.0 (X11; Ubuntu; Linux; rv:121.0) Gecko/20100101 Firefox/121.0": ("Desktop", "Firefox", "Ubuntu"),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36": ("Desktop", "Chrome", "Chrome OS"),
    f"{IPHONE} Version/17.2 Mobile/15E148 Safari/604.1": ("Mobile", "Mobile Safari", "iOS"),
    f"{IPHONE} Mobile/15E148 Instagram 312.0.1": ("Mobile", "Instagram", "iOS"),
    f"Mozilla/5.0 (iPad; CPU OS 12_5) {SAFARI} Version/12.1 Mobile Safari/604": ("Tablet", "Mobile Safari", "iOS"),
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36": ("Mobile", "Chrome Mobile", "Android"),
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36": ("Tablet", "Chrome", "Android"),
    f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {CHROME} Safari/537.36": ("Tablet", "Chrome", "Android"),
    "Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/118.0 Firefox/118.0": ("Tablet", "Firefox Mobile", "Android"),
    "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/118.0 Firefox/118.0": ("Mobile", "Firefox Mobile", "Android"),
    "Mozilla/5.0 (Linux; U; Android 4.0.3; KFTT) Silk/3.4 Mobile Safari/535": ("Tablet", "Amazon Silk", "Android"),
    "Opera/9.80 (Android; Opera Mini/8.0.1807/36.1; U; en) Presto/2.12": ("Mobile", "Opera Mini", "Android"),
    "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)": ("Mobile", "Android", "Android"),
    "MyShop/5.1 CFNetwork/1410.0.3 Darwin/22.6.0": ("Mobile", "MyShop", "iOS"),
    f"Mozilla/5.0 (Linux; Android 12; CUBOT_X30) {CHROME} Mobile Safari": ("Mobile", "Chrome Mobile", "Android"),
    f"Mozilla/5.0 (Linux; Android 9; AFTKA) {CHROME} Safari/537.36": ("Other", "Chrome", "Android"),
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 TV Safari/537.36": ("Other", "Safari", "Tizen"),
}


@pytest.mark.parametrize("user_agent", AGENTS)
def test_a_person_is_known_by_device_browser_and_system(user_agent: str) -> None:
    assert read_agent(user_agent) == (*AGENTS[user_agent], False)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Other"),
        (
            f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) {CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1)",
            "Mobile",
        ),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/130.0.0.0 Safari/537.36", "Desktop"),
        (f"Mozilla/5.0 {WEBKIT}; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "Other"),
        (f"Mozilla/5.0 (Linux; Android 11) {WEBKIT} Chrome/130 Mobile Safari/537.36 Chrome-Lighthouse", "Mobile"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "Other"),
        ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "Other"),
        ("Wget/1.21.4", "Other"),
        ("Scrapy/2.11 (+https://scrapy.org)", "Other"),
    ],
)
def test_what_loads_pages_without_a_person_is_a_bot(user_agent: str, device: str) -> None:
    assert (read_agent(user_agent).bot, read_agent(user_agent).device) == (True, device)


@pytest.mark.parametrize(
    "user_agent",
    [
        *("analytics-python/2.3.2", "segment-analytics-python/2.3.2", "analytics-node/2.1.0", "node"),
        *("Analytics-Ruby/2.4.0", "analytics-go (version: 3.0.0)", "analytics-java/3.1", "analytics.net/3.8.1"),
        *("okhttp/4.12.0", "axios/1.6.2", "python-requests/2.32.0", "python-httpx/0.28.1", "Go-http-client/2.0"),
        *("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "Java/17.0.1", "Dart/3.2 (dart:io)", "curl/8.5.0"),
        *("Apache-HttpClient/4.5.13 (Java/11.0.11)", "ExampleShop-Server/3.2", "Amazon CloudFront"),
    ],
)
def test_a_server_that_sends_its_shops_events_is_no_bot(user_agent: str) -> None:
    found = read_agent(user_agent)
    assert (found.device, found.bot) == ("Other", False)


def test_what_is_taken_from_the_list_is_still_in_it() -> None:
    assert {known["pattern"] for known in CRAWLER_USER_AGENTS_DATA} >= SENDERS


def test_an_ipad_that_asks_for_desktop_pages_is_a_tablet_where_the_tracker_says_so() -> None:
    stored = a_document(device="Tablet", context={"userAgent": MAC})
    assert (stored["device"], stored["browser"], stored["os"], stored["bot"]) == ("Tablet", "Safari", "Mac OS X", False)


def test_a_server_can_say_whose_agent_it_was() -> None:
    assert a_document(context={"userAgent": f"{IPHONE} Version/17.2 Mobile/15E148 Safari/604.1"})["device"] == "Mobile"


@pytest.mark.parametrize(("named", "device"), [("smartphone", "Mobile"), (" TABLET ", "Tablet"), ("fridge", "Other")])
def test_the_device_that_a_client_names_goes_before_its_agent(named: str, device: str) -> None:
    assert device_of(named, agent_of(MAC)) == device


def test_nothing_is_made_of_no_agent_and_little_of_an_endless_one() -> None:
    assert agent_of(None) == agent_of("") == NO_AGENT
    assert agent_of(MAC + "x" * 100_000) is agent_of((MAC + "x" * 100_000)[:LONGEST_AGENT])

"""Crawlers: programs that say so in their user agent, view page after page and click on nothing."""

from cli.traffic.catalogue import CATEGORIES
from cli.traffic.people import Visitor, new_visitor
from cli.traffic.visit import Visit

SHARE = 0.02
"""The share of all visits that are crawlers'."""
USER_AGENTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)


def new_bot(seed: int, number: int) -> Visitor:
    """Returns the crawler with that number: the same for the same seed."""
    bot = new_visitor(seed, number)
    bot.bot, bot.device = True, "Desktop"
    bot.user_agent = USER_AGENTS[number % len(USER_AGENTS)]
    return bot


def crawl(visit: Visit) -> None:
    """Record a crawler's visit: the home page, then categories and products, a second or so apart."""
    visit.open("home", "/", "Gifts and homeware")
    rng = visit.rng
    for _ in range(rng.randint(3, 15)):
        visit.wait(0.5, 2)
        product, category = visit.shop.all_products.draw(rng), rng.choice(CATEGORIES)
        if rng.random() < 0.3:
            visit.open("search", f"/category/{category.slug}", category.name)
        else:
            visit.open("product", f"/product/{product.product_id.lower()}", product.name)

"""How a visitor goes through the shop: page by page, with a chance at each to go on or to leave.

Every page is a function that records what happens on it and returns the page that comes next, or None.
"""

from collections.abc import Callable
from random import Random

from cli.traffic.catalogue import CATEGORIES, CURRENCY, Product
from cli.traffic.people import Account, Device, open_account
from cli.traffic.sources import draw_landing
from cli.traffic.visit import Visit

MOST_PAGES = 25
BOUNCES: dict[Device, float] = {"Desktop": 0.3, "Mobile": 0.42, "Tablet": 0.36}
DEVICE_FACTORS: dict[Device, float] = {"Desktop": 1.0, "Mobile": 0.72, "Tablet": 0.85}
"""Multiples of the chances below, by device: a small screen loses people."""
ADD_TO_CART = 0.12
START_CHECKOUT = 0.56
PAY = 0.6
PAYMENT_FAILS = 0.05
PAGE_BREAKS = 0.012


def walk(visit: Visit) -> None:
    """Record one visit from its landing page to its end; who left something in the cart may land there again."""
    page: str | None = draw_landing(visit.source, visit.rng)
    if visit.visitor.cart and visit.rng.random() < 0.3:
        page = "cart"
    bounces = visit.rng.random() < BOUNCES[visit.visitor.device] / visit.source.intent**0.5
    while page and visit.pages < MOST_PAGES:
        next_page = PAGES[page](visit)
        page = None if bounces else next_page
    visit.wait(1, 20)
    visit.leave_page()


def chance(visit: Visit, likelihood: float) -> bool:
    """Returns at random whether this visitor does something, given how likely an average one is to do it."""
    visitor = visit.visitor
    loyalty = 1 + 0.1 * min(visitor.orders, 3)
    return (
        visit.rng.random()
        < likelihood * DEVICE_FACTORS[visitor.device] * visit.source.intent * visitor.intent * loyalty
    )


def _home(visit: Visit) -> str | None:
    visit.open("home", "/", "Gifts and homeware")
    visit.wait(3, 40)
    _scroll(visit, 0.5)
    visitor = visit.visitor
    if visitor.account and not visitor.signed_in and visit.rng.random() < 0.3:
        sign_in(visit, visitor.account)
    return _next_page(visit.rng, {"search": 0.56, "product": 0.13, None: 0.31})


def _search(visit: Visit) -> str | None:
    slug = visit.rng.choice(visit.visitor.interests if visit.rng.random() < 0.7 else [c.slug for c in CATEGORIES])
    if visit.rng.random() < 0.45:
        _look_for(visit, visit.shop.by_category[slug].draw(visit.rng))
    else:
        visit.open("search", f"/category/{slug}", slug.capitalize())
        visit.record("product_list_viewed", properties={"category": slug})
    visit.wait(4, 50)
    _scroll(visit, 0.7)
    return _next_page(visit.rng, {"product": 0.6, "search": 0.16, "home": 0.04, None: 0.2})


def _look_for(visit: Visit, product: Product) -> None:
    words = product.name.split()[-1].lower()
    if visit.pages:
        visit.record("form_submit", element="form#search", properties={"form": "search", "query": words})
    visit.open("search", f"/search?q={words}", f"Search: {words}")
    visit.record("product_searched", properties={"query": words})


def _product(visit: Visit) -> str | None:
    product = _choose(visit)
    if visit.pages:
        visit.point("click", f"a#{product.product_id}")
        visit.wait(0.2, 2)
    visit.open("product", f"/product/{product.product_id.lower()}", product.name)
    visit.record("product_viewed", properties={**line_of(product), "currency": CURRENCY})
    visit.wait(4, 60)
    _examine(visit)
    if not chance(visit, ADD_TO_CART):
        return _next_page(visit.rng, {"product": 0.3, "search": 0.3, "home": 0.06, None: 0.34})
    _add(visit, product)
    return _next_page(visit.rng, {"cart": 0.62, "search": 0.18, "product": 0.12, None: 0.08})


def _choose(visit: Visit) -> Product:
    if visit.rng.random() < 0.75:
        return visit.shop.by_category[visit.rng.choice(visit.visitor.interests)].draw(visit.rng)
    return visit.shop.all_products.draw(visit.rng)


def _examine(visit: Visit) -> None:
    if visit.visitor.device == "Desktop" and visit.rng.random() < 0.35:
        visit.point("hover", "img.product", duration=round(visit.rng.uniform(0.3, 4), 2))
    _scroll(visit, 0.55)
    if visit.rng.random() < PAGE_BREAKS:
        _break_gallery(visit)


def _break_gallery(visit: Visit) -> None:
    visit.record("javascript_error", properties={"message": "gallery is undefined", "source": "product.js"})
    for _ in range(visit.rng.randint(3, 6)):  # rage clicks
        visit.wait(0.08, 0.3)
        visit.point("click", "button.gallery-next", at=(312, 418))
    if visit.rng.random() < 0.2:
        feedback(visit, good=False)


def _add(visit: Visit, product: Product) -> None:
    quantity = visit.rng.choices((1, 2, 3, 6), (70, 18, 8, 4))[0]
    visit.visitor.cart = [*visit.visitor.cart, (product, quantity)][-12:]
    visit.point("click", "button#add-to-cart")
    visit.record("product_added", properties={**line_of(product, quantity), "currency": CURRENCY})
    visit.wait(1, 12)


def _cart(visit: Visit) -> str | None:
    cart = visit.visitor.cart
    visit.open("cart", "/cart", "Your basket")
    visit.record("cart_viewed", properties={"products": [line_of(*line) for line in cart], "currency": CURRENCY})
    visit.wait(3, 40)
    if len(cart) > 1 and visit.rng.random() < 0.1:
        removed, quantity = cart.pop(visit.rng.randrange(len(cart)))
        visit.record("product_removed", properties={**line_of(removed, quantity), "currency": CURRENCY})
    if cart and chance(visit, START_CHECKOUT):
        visit.point("click", "button#checkout")
        return "payment"
    return _next_page(visit.rng, {"search": 0.25, "product": 0.1, None: 0.65})


def _payment(visit: Visit) -> str | None:
    visitor = visit.visitor
    visit.open("payment", "/checkout", "Checkout")
    visit.record("checkout_started", properties=basket(visit))
    if visitor.account and not visitor.signed_in:
        sign_in(visit, visitor.account)
    if not _fill_in(visit, ("email", "name", "address", "postcode"), 0.93):
        return None
    if not visitor.account and visitor.opens_account:
        visitor.account = open_account(visitor, visit.rng)
        sign_in(visit, visitor.account)
    visit.record("payment_info_entered", properties={"method": visit.rng.choice(("card", "card", "card", "paypal"))})
    if visit.rng.random() < PAYMENT_FAILS:
        visit.record("payment_failed", properties={"reason": visit.rng.choice(("declined", "timeout"))})
        visit.wait(4, 30)
        if visit.rng.random() < 0.5:
            return None
    return "confirmation" if chance(visit, PAY) else None


def _fill_in(visit: Visit, fields: tuple[str, ...], persistence: float) -> bool:
    for field in fields:
        visit.wait(2, 14)
        visit.record("form", element=f"input#{field}", properties={"form": "checkout", "field": field})
        if visit.rng.random() > persistence:
            return False
    visit.record("form_submit", element="form#checkout", properties={"form": "checkout"})
    return True


def _confirmation(visit: Visit) -> str | None:
    visitor = visit.visitor
    order = {"order_id": f"SO-{visit.rng.getrandbits(40):010X}", **basket(visit), "country": visitor.country}
    visit.open("confirmation", "/confirmation", "Thank you for your order")
    visit.record("order_completed", properties=order)
    visit.order = order
    visitor.orders += 1
    visitor.cart = []
    visit.wait(3, 25)
    if visit.rng.random() < 0.14:
        feedback(visit, good=visit.rng.random() < 0.85)
    return None


def basket(visit: Visit) -> dict[str, object]:
    """Returns what is in the visitor's cart, with its total in pounds."""
    cart = visit.visitor.cart
    return {
        "total": sum(product.price * quantity for product, quantity in cart) / 100,
        "currency": CURRENCY,
        "products": [line_of(*line) for line in cart],
    }


def line_of(product: Product, quantity: int = 1) -> dict[str, object]:
    """Returns a product as e-commerce events describe it; the price in pounds."""
    return {
        "product_id": product.product_id,
        "name": product.name,
        "category": product.category.name,
        "price": product.price / 100,
        "quantity": quantity,
    }


def sign_in(visit: Visit, account: Account) -> None:
    """Record that the visitor signs in; from here on every event of this browser names them."""
    visit.visitor.signed_in = True
    traits = {"name": account.name, "email": account.email, "sex": account.sex, "country": account.country}
    visit.record("identify", traits={**traits, "newsletter": account.newsletter})


def feedback(visit: Visit, good: bool) -> None:
    """Record a line that the visitor writes about the shop, with one to five stars."""
    text = visit.rng.choice(PRAISE if good else COMPLAINTS)
    visit.record("feedback", value=visit.rng.choice((4, 5, 5) if good else (1, 2, 2)), properties={"text": text})


def _scroll(visit: Visit, likelihood: float) -> None:
    if visit.rng.random() < likelihood:
        visit.record("scroll", value=visit.rng.choice((25, 50, 50, 75, 75, 90, 100)))
        visit.wait(1, 20)


def _next_page(rng: Random, chances: dict[str | None, float]) -> str | None:
    return rng.choices(list(chances), list(chances.values()))[0]


PAGES: dict[str, Callable[[Visit], str | None]] = {
    "home": _home,
    "search": _search,
    "product": _product,
    "cart": _cart,
    "payment": _payment,
    "confirmation": _confirmation,
}
PRAISE = (
    "Lovely things and so easy to order, thank you!",
    "Great choice of gifts, checkout was quick.",
    "Beautiful quality, will order again.",
    "Delivery options were clear and the price is fair.",
    "Found exactly what I was looking for.",
)
COMPLAINTS = (
    "The gallery does not work on my phone, very annoying.",
    "My card was declined twice for no reason.",
    "Shipping is too expensive for such a small order.",
    "The search shows nothing useful.",
    "The page is slow and the basket lost my items.",
)

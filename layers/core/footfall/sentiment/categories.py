"""What a text is about: a table of words."""

from itertools import pairwise

from footfall.schemas.feedback import Category

WORDS: dict[Category, str] = {
    "delivery": (
        "delivery deliveries deliver delivered delivers delivering shipping ship shipped ships shipment courier parcel"
        " package parcels packages packaging carrier tracking dispatch dispatched arrive arrived arrives arriving late"
        " delayed delay delays postage post postman mailed customs"
    ),
    "price": (
        "price prices priced pricing cheap cheaper cheapest expensive overpriced cost costs costly discount discounts"
        " coupon coupons voucher vouchers bargain fee fees value money afford affordable worth sale refund refunds"
    ),
    "quality": (
        "quality broken broke breaks break defective defect defects faulty damaged damage flimsy sturdy durable"
        " well-made material materials fabric cracked scratched scratches torn poor solid fake stopped works worked"
        " fits fit workmanship lasted junk"
    ),
    "selection": (
        "selection choice choices range stock sold-out unavailable available availability size sizes colour colours"
        " color colors variety assortment catalogue catalog missing"
    ),
    "usability": (
        "website site page pages app checkout search filter filters menu button buttons navigate navigation login"
        " log-in password account cart basket form forms load loads loading slow crash crashes crashed bug bugs error"
        " errors click confusing layout mobile screen interface easy"
    ),
    "payment": (
        "payment payments pay paid paying card cards paypal invoice invoices charged charge charges checkout billing"
        " bank declined klarna transaction"
    ),
    "support": (
        "support service helpdesk help helped helpful agent agents staff representative reply replied replies response"
        " responded respond answer answered answers email emails phone chat call called contact contacted rude polite"
        " customer-service unhelpful"
    ),
    "returns": (
        "return returns returned returning exchange exchanged refund refunds refunded warranty replacement replaced"
    ),
}
"""The words of each category, in English. A text may be of several categories, or of none."""
CATEGORIES: tuple[Category, ...] = tuple(WORDS)


def _index() -> dict[str, list[Category]]:
    found: dict[str, list[Category]] = {}
    for category, words in WORDS.items():
        for word in words.split():
            found.setdefault(word.replace("-", " "), []).append(category)
    return found


BY_WORD = _index()


def categories_of(words: list[str]) -> list[Category]:
    """Returns the categories that a text in English speaks of, in the order of the table."""
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    told = {category for word in [*words, *pairs] for category in BY_WORD.get(word, ())}
    return [category for category in CATEGORIES if category in told]

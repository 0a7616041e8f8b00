"""Who visits the simulated shop: devices, interests, intent to buy, accounts."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from cli.traffic.catalogue import CATEGORIES, Product

Device = Literal["Desktop", "Mobile", "Tablet"]
DEVICES: dict[Device, float] = {"Mobile": 0.52, "Desktop": 0.41, "Tablet": 0.07}
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko)"
USER_AGENTS: dict[Device, tuple[str, ...]] = {
    "Mobile": (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} Version/18.6 Mobile/15E148 Safari/604.1",
        f"Mozilla/5.0 (Linux; Android 15; Pixel 8) {CHROME} Chrome/141.0.0.0 Mobile Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 14; SM-S921B) {CHROME} Chrome/140.0.0.0 Mobile Safari/537.36",
    ),
    "Desktop": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Chrome/141.0.0.0 Safari/537.36",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.6 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    ),
    "Tablet": (
        f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {APPLE} Version/18.6 Mobile/15E148 Safari/604.1",
        f"Mozilla/5.0 (Linux; Android 14; SM-X710) {CHROME} Chrome/141.0.0.0 Safari/537.36",
    ),
}
VIEWPORTS: dict[Device, tuple[tuple[int, int], ...]] = {
    "Mobile": ((390, 844), (412, 915), (360, 780)),
    "Desktop": ((1920, 969), (1440, 789), (1366, 641), (2560, 1329)),
    "Tablet": ((820, 1180), (800, 1280)),
}
COUNTRIES = {"GB": 0.8, "IE": 0.06, "FR": 0.04, "DE": 0.04, "ES": 0.02, "US": 0.04}
FIRST_NAMES = {
    "female": ["Ada", "Bea", "Clara", "Dora", "Elsie", "Freya", "Grace", "Hana", "Isla", "Joan", "Kezia", "Leila"],
    "male": ["Alan", "Ben", "Cyril", "Dev", "Emil", "Finn", "George", "Hugo", "Ivan", "Jack", "Kofi", "Liam"],
}
LAST_NAMES = (
    "Archer",
    "Baker",
    "Cole",
    "Dyer",
    "Evans",
    "Fisher",
    "Green",
    "Hughes",
    "Iqbal",
    "Jones",
    "Khan",
    "Lewis",
)
ACCOUNT_OPENERS = 0.85
"""The share of buyers who open an account at their first order; the rest order as guests."""
SECOND_DEVICE = 0.06
"""The share of new browsers that are a second device of a person with an account."""


@dataclass(slots=True)
class Account:
    """A person the shop knows by name, on one or more devices."""

    user_id: str
    name: str
    email: str
    sex: str
    country: str
    newsletter: bool


@dataclass(slots=True)
class Visitor:
    """One browser: its device, its owner's interests, and what the shop remembers of earlier visits.

    `intent` multiplies every chance to go on towards an order. `account` is the owner's, once there is one;
    only after `signed_in` does the shop know it. A `regular` has ordered and is likelier to come again.
    """

    number: int
    visitor_id: str
    device: Device
    user_agent: str
    viewport: tuple[int, int]
    country: str
    interests: tuple[str, ...]
    intent: float
    opens_account: bool
    bot: bool = False
    account: Account | None = None
    signed_in: bool = False
    visits: int = 0
    orders: int = 0
    regular: bool = False
    cart: list[tuple[Product, int]] = field(default_factory=list)


def new_visitor(seed: int, number: int) -> Visitor:
    """Returns the browser with that number: the same for the same seed."""
    rng = Random(f"{seed}/visitor/{number}")
    device = rng.choices(list(DEVICES), list(DEVICES.values()))[0]
    return Visitor(
        number=number,
        visitor_id=new_id(rng),
        device=device,
        user_agent=rng.choice(USER_AGENTS[device]),
        viewport=rng.choice(VIEWPORTS[device]),
        country=rng.choices(list(COUNTRIES), list(COUNTRIES.values()))[0],
        interests=tuple(category.slug for category in rng.sample(CATEGORIES, 2)),
        intent=rng.lognormvariate(0, 0.45),
        opens_account=rng.random() < ACCOUNT_OPENERS,
    )


def second_device(seed: int, number: int, owner: Visitor) -> Visitor:
    """Returns the browser with that number, whose owner has an account but has not signed in on it."""
    visitor = new_visitor(seed, number)
    visitor.interests, visitor.country, visitor.intent = owner.interests, owner.country, owner.intent
    visitor.account = owner.account
    return visitor


def open_account(visitor: Visitor, rng: Random) -> Account:
    """Returns the account that a buyer opens."""
    sex = rng.choice(("female", "male"))
    first, last = rng.choice(FIRST_NAMES[sex]), rng.choice(LAST_NAMES)
    return Account(
        user_id=f"customer-{visitor.number:05d}",
        name=f"{first} {last}",
        email=f"{first}.{last}.{visitor.number}@example.com".lower(),
        sex=sex,
        country=visitor.country,
        newsletter=rng.random() < 0.55,
    )


def new_id(rng: Random) -> str:
    """Returns a version 4 UUID from a seeded random generator."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

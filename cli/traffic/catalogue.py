"""What the simulated shop sells: categories, prices, and a popularity that follows Zipf's law."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

PRODUCTS_PER_CATEGORY = 30
ZIPF_EXPONENT = 0.9
CURRENCY = "GBP"


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the shop: its kinds of products, and the median price of its products in pence."""

    name: str
    slug: str
    median_price: int
    nouns: tuple[str, ...]


def _category(name: str, median_price: int, nouns: str) -> Category:
    return Category(name, name.lower(), median_price, tuple(nouns.split(", ")))


CATEGORIES = (
    _category("Kitchen", 1_900, "Teapot, Mug, Bowl, Chopping Board, Cake Tin, Jug"),
    _category("Lighting", 3_400, "Table Lamp, Lantern, Fairy Lights, Candle Holder, Shade, Pendant"),
    _category("Garden", 2_600, "Planter, Bird Bath, Watering Can, Bench, Wind Chime, Trowel Set"),
    _category("Toys", 1_400, "Jigsaw, Doll, Train Set, Kite, Spinning Top, Building Blocks"),
    _category("Stationery", 700, "Notebook, Pen Set, Wrapping Paper, Greeting Cards, Diary, Sticker Book"),
    _category("Home", 2_900, "Cushion, Throw, Wall Clock, Picture Frame, Doormat, Basket"),
    _category("Bags", 2_200, "Tote, Lunch Bag, Rucksack, Shopper, Purse, Wash Bag"),
    _category("Christmas", 1_100, "Bauble, Stocking, Wreath, Garland, Advent Calendar, Tree Skirt"),
)
STYLES = ("Vintage", "Retrospot", "Rustic", "Pastel", "Classic", "Painted", "Woven", "Ceramic", "Enamel", "Folded")


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `price` in pence."""

    product_id: str
    name: str
    category: Category
    price: int


@dataclass(frozen=True, slots=True)
class Assortment:
    """Products with the running total of their popularity, to draw from."""

    products: tuple[Product, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> Product:
        """Returns a random product, popular ones more often."""
        return rng.choices(self.products, cum_weights=self.cumulative)[0]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All products for sale, together and by category."""

    all_products: Assortment
    by_category: dict[str, Assortment]

    @property
    def products(self) -> tuple[Product, ...]:
        """Every product, the most popular first."""
        return self.all_products.products


def catalogue(seed: int) -> Catalogue:
    """Returns the shop's catalogue: the same for the same seed."""
    rng = Random(f"{seed}/catalogue")
    products = [_product(category, number, rng) for category in CATEGORIES for number in range(PRODUCTS_PER_CATEGORY)]
    rng.shuffle(products)
    popularity = {product.product_id: 1 / rank**ZIPF_EXPONENT for rank, product in enumerate(products, start=1)}
    by_category = {
        category.slug: _assortment([product for product in products if product.category is category], popularity)
        for category in CATEGORIES
    }
    return Catalogue(_assortment(products, popularity), by_category)


def _product(category: Category, number: int, rng: Random) -> Product:
    style = STYLES[2 * (number // len(category.nouns)) + rng.randrange(2)]
    name = f"{style} {category.nouns[number % len(category.nouns)]}"
    price = max(150, round(category.median_price * rng.lognormvariate(0, 0.5) / 50) * 50 - 1)
    return Product(f"{category.slug[:3].upper()}-{number + 1:03d}", name, category, price)


def _assortment(products: list[Product], popularity: dict[str, float]) -> Assortment:
    return Assortment(tuple(products), tuple(accumulate(popularity[product.product_id] for product in products)))

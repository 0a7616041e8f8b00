"""What is done on pages, as tokens and as vectors."""

from footfall.customers.arrays import subjects_of, unpack_texts
from footfall.customers.page_behaviour import pages_of
from footfall.models.behaviour_vectors import page_vectors
from footfall.schemas.event import EventDocument

from functions.training.extract.page_gathering import PageGathering
from tests.support.builders import a_document, at


def view(path: str, page_type: str | None, minutes: float = 0, **but: str) -> EventDocument:
    return a_document(path=path, pageType=page_type, timestamp=at(minutes), device="Mobile", **but)


def click(minutes: float, x: float = 10, y: float = 790, width: float = 100) -> EventDocument:
    point = {"x": x, "y": y, "viewport": {"width": width, "height": 800}}
    return a_document(eventType="click", element="button#buy", coordinates=point, timestamp=at(minutes))


def test_a_page_is_told_by_its_neighbours_its_interactions_and_how_long_somebody_stays() -> None:
    visit = [view("/", "home"), view("/product/tea", "product", 1), click(1.5), view("/cart", "cart", 2)]
    assert pages_of(visit)["/product/tea"] == {
        "from:home": 1,
        "type:product": 1,
        "to:cart": 1,
        "device:Mobile": 1,
        "stay:6": 1,
        "event:click": 1,
        "element:button#buy": 1,
        "area:0,4": 1,
    }


def test_the_first_page_is_entered_and_the_last_left() -> None:
    found = pages_of([view("/", "home")])["/"]
    assert (found["from:^"], found["to:$"]) == (1, 1)


def test_what_is_seen_twice_in_a_visit_adds_up() -> None:
    found = pages_of([view("/", "home"), view("/", "home", 1)])["/"]
    assert (found["type:home"], found["from:home"], found["to:home"]) == (2, 1, 1)


def test_coordinates_that_make_no_sense_are_no_area() -> None:
    visits = [[view("/", "home"), click(1, x=x, width=width)] for x, width in ((500, 100), (1, 0), (-1, 100))]
    assert not any(token.startswith("area:") for visit in visits for token in pages_of(visit)["/"])


def test_interactions_before_any_page_belong_to_none() -> None:
    assert pages_of([click(0)]) == {}


def test_pages_where_the_same_is_done_are_near() -> None:
    gathered = PageGathering()
    for _ in range(5):
        for product in ("tea", "pot"):
            gathered.add_visit([view(f"/product/{product}", "product"), click(1), view("/cart", "cart", 2)])
        gathered.add_visit([view("/", "home"), view("/search", "search", 1)])
    found = page_vectors(gathered.arrays())
    pages, vectors = subjects_of(found), found["vectors"]
    near = vectors @ vectors.T
    tea, pot, home = (pages.index(page) for page in ("/product/tea", "/product/pot", "/"))
    assert near[tea, pot] > 0.99 > 0.7 > near[tea, home]
    assert unpack_texts(found["types"])[tea] == "product"


def test_a_page_that_was_hardly_seen_has_no_vector_yet() -> None:
    gathered = PageGathering()
    gathered.add_visit([view("/once", None)])
    assert len(page_vectors(gathered.arrays())["vectors"]) == 0

"""What people may ask of a shop: to be erased, and to be given all that is held of them."""

from contextlib import suppress

from footfall.aws.functions import invoke, start
from footfall.errors import Unavailable
from footfall.questions import erasure
from footfall.schemas.erasure import AskedErasure
from footfall.settings import AskingToEraseSettings, from_environment


def erase(site_id: str, person_id: str) -> erasure.Erasure:
    """Have somebody erased; returns the receipt. Raises Unavailable where it could not be begun."""
    function = from_environment(AskingToEraseSettings).erase_function_name
    asked = invoke(function, {"step": "ask", "site_id": site_id, "person_id": person_id}, AskedErasure)
    receipt = erasure.answer(site_id, erasure.ErasureToFind(erasure_id=asked["erasure_id"]))
    if not receipt.passes:
        with suppress(Unavailable):  # then its schedule makes it in some minutes
            start(function, {"step": "make", "site_id": site_id, **asked}, "the erasure cannot be started")
    return receipt

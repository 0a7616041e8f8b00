"""What is left of a removed event."""

from datetime import datetime

from footfall.schemas.event import ToldEvent


class RemnantDocument(ToldEvent):
    """One document of `remnants`, under the key of its event; `removed_at` is when that was removed."""

    removed_at: datetime

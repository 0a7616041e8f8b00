"""What jobs/retention answers of archived days that are stored again."""

from pydantic import BaseModel, Field


class Restored(BaseModel):
    """How far archived days are stored in MongoDB again. Their figures are the same before, meanwhile and after."""

    dry_run: bool = Field(description="whether it was only told, and nothing asked for")
    days: int = Field(default=0, description="archived days of the range that the site's `hot_days` keep")
    events: int = Field(default=0, description="events in their archives")
    missing: int = Field(default=0, description="those of them that are not stored again yet")
    conflicts: int = Field(
        default=0,
        description="archived events under whose id another one came since; their days stay archived beside it",
    )
    cold_days: int = Field(
        default=0, description="archived days that are older than `hot_days`: they stay, until the site keeps more"
    )
    damaged_days: int = Field(default=0, description="days whose file is missing or changed, which the log names")
    left: int = Field(default=0, description="days that there was no time to look at: ask again for fewer days")

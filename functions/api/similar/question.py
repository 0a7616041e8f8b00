"""What can be asked about people who behave alike."""

from footfall.schemas.funnel import Device
from pydantic import BaseModel, ConfigDict, Field


class SimilarQuestion(BaseModel):
    """How many people, of which kind, how alike at least."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=50)
    device: Device | None = Field(default=None, description="Only people who make most visits on this device")
    segment: str | None = Field(
        default=None, min_length=1, max_length=128, description="Only people of this RFM or behaviour segment"
    )
    min_score: float = Field(default=-1.0, ge=-1, le=1, description="Only people whose similarity is at least this")

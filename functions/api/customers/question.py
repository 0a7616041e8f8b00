"""What can be asked of the list of customers."""

from typing import Annotated, Any, Literal

from footfall.schemas.paging import Page
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

LATER_SORTS = frozenset({"predicted_clv", "churn_probability", "customer_priority"})


def _later(value: Any) -> Any:
    raise PydanticCustomError("later", "not available yet")


def _known_sort(value: Any) -> Any:
    return _later(value) if value in LATER_SORTS else value


Later = Annotated[str | None, BeforeValidator(_later), Field(description="Not available yet")]
SortBy = Annotated[Literal["monetary", "frequency", "recency", "customer_id"], BeforeValidator(_known_sort)]


class CustomersQuestion(BaseModel):
    """Which customers, in which order."""

    model_config = ConfigDict(extra="forbid")

    sort_by: SortBy = "monetary"
    order: Literal["asc", "desc"] = "desc"
    segment: str | None = Field(default=None, max_length=128, description="Name of an RFM or a behaviour segment")
    q: str | None = Field(default=None, min_length=1, max_length=256, description="How the customer's id begins")
    risk_level: Later = None
    clv_category: Later = None
    priority: Later = None
    page: int = Field(default=1, ge=1, le=1_000_000)
    page_size: int = Field(default=20, ge=1, le=100)

    @property
    def part(self) -> Page:
        """The page asked for."""
        return Page(page=self.page, page_size=self.page_size)


class SegmentsQuestion(BaseModel):
    """Which kind of segments."""

    model_config = ConfigDict(extra="forbid")

    segment_type: Literal["rfm", "behaviour"] = Field(
        default="rfm", description="`rfm`: by recency, frequency and money; `behaviour`: by how people shop"
    )

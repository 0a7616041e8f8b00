"""Lists by the page."""

from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field


class PagedQuestion(BaseModel):
    """Which part of a list is asked for; a question with pages derives from this."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=1_000_000)
    page_size: int = Field(default=20, ge=1, le=100)

    @property
    def skip(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.page_size


class PagedAnswer(BaseModel):
    """What every list's answer says of itself."""

    total: int
    page: int
    page_size: int
    total_pages: int


class PageFields(TypedDict):
    """The fields of PagedAnswer."""

    total: int
    page: int
    page_size: int
    total_pages: int


def paged(question: PagedQuestion, total: int) -> PageFields:
    """Returns the fields of PagedAnswer for a list of `total` items."""
    page, size = question.page, question.page_size
    return PageFields(total=total, page=page, page_size=size, total_pages=-(-total // size))

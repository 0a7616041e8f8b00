"""Lists by the page."""

from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field


class PagedQuestion(BaseModel):
    """Which part of a list is asked for; a question with pages derives from this."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=1_000_000, description="Which page of the list")
    page_size: int = Field(default=20, ge=1, le=100, description="How many items a page has")

    @property
    def skip(self) -> int:
        """How many items come before this page."""
        return (self.page - 1) * self.page_size


class PagedAnswer(BaseModel):
    """What every list's answer says of itself."""

    total: int = Field(description="Items in the whole list")
    page: int = Field(description="Which page this is, from 1")
    page_size: int = Field(description="How many items a page has")
    total_pages: int = Field(description="Pages of the whole list")


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

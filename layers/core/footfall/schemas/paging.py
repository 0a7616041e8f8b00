"""Lists by the page."""

from pydantic import BaseModel


class Page(BaseModel):
    """Which part of a list: `page` from 1, `page_size` from 1 to 100."""

    page: int = 1
    page_size: int = 20

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


def paged(page: Page, total: int) -> dict[str, int]:
    """The fields of PagedAnswer."""
    return {**page.model_dump(), "total": total, "total_pages": -(-total // page.page_size)}

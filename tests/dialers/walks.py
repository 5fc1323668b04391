"""What comes of walking a report, for the tests of every dialer that has reports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dialers.asking import Record, ReportPage
from lib.http.errors import ExchangeError


@dataclass
class Walked:
    """Every page until the end or the first error."""

    pages: list[ReportPage] = field(default_factory=list)
    error: ExchangeError | None = None

    @property
    def records(self) -> list[Record]:
        return [record for page in self.pages for record in page.records]

    @property
    def keys(self) -> list[str | None]:
        return [record.key for record in self.records]

    @property
    def warnings(self) -> list[str]:
        return [page.warning for page in self.pages if page.warning]


def walked(pages: Iterable[ReportPage]) -> Walked:
    """Fails where a page that said ``more`` was the last one: it would have been kept without the cursor."""
    found = Walked()
    try:
        for page in pages:
            found.pages.append(page)
    except ExchangeError as error:
        found.error = error
    assert found.error or not found.pages or not found.pages[-1].more
    return found

"""What a page shows, at a moment that is always the same."""

import html
import re
from datetime import UTC, datetime

NOW = datetime(2026, 11, 18, 10, 45, tzinfo=UTC)


def text(browser, path="/", status=200) -> str:
    """The page, as it is written."""
    response = browser.get(path)
    assert response.status_code == status, (path, response.location, response.get_data(as_text=True)[:3000])
    return response.get_data(as_text=True)


def tile(page, title):
    """What stands in the tile of a figure: its number, or a dash, and everything below it."""
    found = page.partition(f"<dt>{title}</dt>")[2].partition("</div>")[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", "", found)).split())

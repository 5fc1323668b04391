"""Following the numbers of a report's page: what a link says that it counts, and how many its page lists."""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

# Asks for each address in a page's own session, and counts the rows there and on the pages behind it.
FOLLOW = """async (links) => {
  const wrong = [];
  for (const [href, count] of links) {
    let rows = 0, address = href.startsWith("/loads") ? href : href + "&limit=1000";
    while (address) {
      const answer = await fetch(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const list = page.querySelector("table.leads") ? "table.leads" : "table.list";
      rows += page.querySelectorAll(`${list} tbody tr`).length;
      const next = page.querySelector("a[rel=next]");
      address = next && next.getAttribute("href");
      if (!answer.ok) rows = answer.status + " " + page.querySelector("main").innerText;
    }
    if (rows !== count) wrong.push([href, count, rows]);
  }
  return wrong;
}"""
COUNTED = re.compile(r'<a href="([^"]+)" data-count="(\d+)"')
_ROW = re.compile(r"<tr\b[^>]*>\s*<td")
_NEXT = re.compile(r'<a rel="next" href="([^"]+)"')


def counted(page: str) -> list[tuple[str, int]]:
    """(address, how many it counts) of each number that is a count."""
    return [(html.unescape(href), int(count)) for href, count in COUNTED.findall(page)]


def opened(page: str) -> list[str]:
    """Every address that a number leads to, also of rates, means and the like."""
    found = re.findall(r'<a href="(/(?:calls|leads)\?figure=[^"]+)"', page)
    return [html.unescape(href) for href in found]


def listed(get, address: str) -> int:
    """How many rows there are at the address and on the pages behind it; ``get`` answers with a page's text."""
    rows, address = 0, _longer(address)
    while address:
        page = get(address)
        rows += len(_ROW.findall(page))
        following = _NEXT.search(page)
        address = html.unescape(following[1]) if following else None
    return rows


def _longer(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{urlencode([*parse_qsl(parts.query, keep_blank_values=True), ('limit', '1000')])}"

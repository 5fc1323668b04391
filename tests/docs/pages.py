"""The pages that people read, taken apart: sections, tables, what stands in backticks, links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md"), *(ROOT / "deploy").glob("**/*.md"))
    if page.name != "CHANGELOG.md"  # which speaks of what was
)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, to the next one of its level or above; fails where there is none."""
    level = heading.index(" ")
    lines = FENCE.sub("", text).splitlines()
    begin = lines.index(heading) + 1
    end = next(
        (
            at
            for at, line in enumerate(lines[begin:], begin)
            if (found := re.match(r"#+(?= )", line)) and len(found[0]) <= level
        ),
        len(lines),
    )
    return "\n".join(lines[begin:end])


def rows(text: str) -> list[list[str]]:
    """The rows of its tables, cell by cell, without their heads."""
    found = []
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        lines = table.strip().splitlines()[2:]
        found += [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in lines]
    return found


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Of its headings, as browsers of repositories make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE):
        said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", said).replace(" ", "-")
        number = sum(1 for known in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", known))
        found.add(f"{anchor}-{number}" if number and anchor in found else anchor)
    return found


def links(text: str) -> list[str]:
    """Where its links and pictures lead."""
    return re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text))

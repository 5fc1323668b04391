"""What reports of runs have in common, in Markdown."""

from collections.abc import Iterable, Sequence

FIRST = 20  # so many of the things that are wrong are named


def two_columns(heads: tuple[str, str], rows: Iterable[tuple[str, object]]) -> list[str]:
    return [f"| {heads[0]} | {heads[1]} |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]


def named(problems: Sequence[str]) -> list[str]:
    """The things that are wrong; nothing where none is."""
    if not problems:
        return []
    return ["", f"{len(problems)} things are wrong:", *(f"- {line}" for line in problems[:FIRST])]

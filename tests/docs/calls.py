"""The words that the code hands to somebody: texts that stand as an argument of a call, found in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).glob("**/*.py"))


def calls(name: str, *rooms: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of what is called so, whatever it is reached through."""
    for file in sources(*rooms):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == name:
                yield file, node


def tuples(*rooms: str) -> Iterator[list[str]]:
    """Every tuple of nothing but texts."""
    for file in sources(*rooms):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            said = [text(one) for one in node.elts] if isinstance(node, ast.Tuple) else [None]
            if None not in said:
                yield said


def text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _name(called: ast.expr) -> str | None:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else None

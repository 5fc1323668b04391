"""What CONTRIBUTING.md says of the code is so."""

import ast

from tests.docs.calls import sources
from tests.docs.pages import ROOT, read

ROOMS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "build"))
EVERYTHING = ("Exception", "BaseException")


def files():
    for file in sources(*ROOMS):
        name = str(file.relative_to(ROOT))
        if not name.startswith("migrations/versions/"):
            yield name, file.read_text(encoding="utf-8")


def test_no_file_is_longer_than_it_says():
    assert "none has more than 320" in read("CONTRIBUTING.md")
    long = {name for name, text in files() if text.count("\n") > 320}
    assert long == set()


def test_whoever_catches_everything_does_something_with_it():
    """It raises, logs, keeps or answers: what it never does is nothing."""
    silent = []
    for name, text in files():
        for node in ast.walk(ast.parse(text)):
            caught = isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) in EVERYTHING)
            if caught and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body):
                silent.append(f"{name}:{node.lineno}")
    assert silent == []


def test_the_benchmark_stands_without_the_tests():
    """What both need is in rig/."""
    for file in sources("bench", "rig"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] == "tests" for name in named), file

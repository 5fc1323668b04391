"""docs/operations.md has each reason of the quarantine, and no other; and so has what the API says is to be done."""

import ast

import dialers.base
import outcomes.normalize
import outcomes.reading
from callbacks.draft import REASONS
from queries import quarantine
from tests.docs.calls import sources, text
from tests.docs.pages import quoted, read, rows, section


def given() -> set[str]:
    """Every reason with which the code puts a receipt aside."""
    found = set(REASONS)
    for file in sources("callbacks", "dialers", "outcomes"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = ast.unparse(node.func).rpartition(".")[2]
                if called in (dialers.base.Unreadable.__name__, "unnamed"):
                    found.add(text(node.args[0]))
                elif ast.unparse(node.args[0]) == "QUARANTINED":
                    found.add(text(node.args[1]))
                found |= {text(one.value) for one in node.keywords if one.arg == "reason" and "callbacks" in file.parts}
    # Those that stand in a name: what a dialer's words said, and these.
    return found - {None} | {outcomes.normalize.PARTLY_UNREADABLE, outcomes.reading.KILLED}


def test_every_reason_stands_in_operations_and_no_other():
    table = rows(section(read("docs/operations.md"), "## The quarantine, and the way back out"))
    assert {reason for cells in table for reason in quoted(cells[0])} == given()


def test_every_reason_says_what_to_do_and_no_other():
    assert set(quarantine.TODO) == given()

"""The glossary's states of a receipt are those that readers see, and those that ``wrapup replay`` takes."""

import re

from models.receipts import SHOWN_STATES
from service.cli.receipts import replay
from tests.docs.pages import quoted, read


def test_the_states_of_a_receipt_are_the_same_everywhere():
    (said,) = re.findall(r"^\*\*receipt\*\*.*?(?=^\*\*)", read("docs/glossary.md"), re.MULTILINE | re.DOTALL)
    assert set(quoted(said)) == set(SHOWN_STATES)
    (choice,) = [one.type for one in replay.params if one.name == "state"]
    assert set(choice.choices) == set(SHOWN_STATES)

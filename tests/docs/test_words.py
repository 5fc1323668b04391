"""What a dialer's page says of its words for how a call ended is what its tables say."""

import pytest

from dialers.jaicp import words as jaicp
from dialers.qvoice import hangup_causes as qvoice
from dialers.ringostat import calls as ringostat
from dialers.voipex import words as voipex
from tests.docs.pages import quoted, read, rows, section

TABLES = {
    ("jaicp", "## What a job says"): jaicp.STATUSES,
    ("qvoice", "## What a call says"): {
        cause: outcome for cause, outcome in qvoice.CAUSES.items() if not outcome.startswith(qvoice.BY_ANSWER)
    },
    ("ringostat", "## What a call says"): ringostat.DISPOSITIONS,
    ("voipex", "## Webhooks"): voipex.STATES,
}


def said(dialer: str, heading: str) -> dict[str, str]:
    """Word -> outcome. A row with several words has an outcome for each, or one for all of them."""
    found: dict[str, str] = {}
    for cells in rows(section(read(f"docs/dialers/{dialer}.md"), heading)):
        words, outcomes = quoted(cells[0]), quoted(cells[1])
        if outcomes:
            found |= zip(words, outcomes if len(outcomes) == len(words) else outcomes[:1] * len(words), strict=True)
    return found


@pytest.mark.parametrize("place", TABLES, ids=lambda place: place[0])
def test_the_page_maps_each_word_as_the_code_does(place):
    page = said(*place)
    assert {word: page.get(word) for word in TABLES[place]} == TABLES[place]

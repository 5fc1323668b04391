"""What nobody knows is not said to be well: pure."""

from datetime import timedelta

import pytest

from dialers.base import Connection
from tests.factories import NOON
from tests.web.conftest import NOBODY
from upkeep.alerts import messages, sources
from upkeep.alerts.conditions import NAMED
from upkeep.alerts.judging import Figures, Windows, Wrong, judged
from upkeep.alerts.settings import Alerts
from upkeep.alerts.state import UNWATCHED, State

SILENT = NAMED["callbacks_silent"]
HEARD = {"wrapup_set_up": {(("what", "heard"),): 1.0}}
OF_RYNG = {(("connection", "ryng-main"),): 1.0}
POSTS = Connection("ryng-main", "ryng", callback_tokens=("token-of-ryng",))
ASKED = Connection("qvoice-main", "qvoice", settings=NOBODY)
DAY = timedelta(days=1)


def test_while_callbacks_wait_elsewhere_nobody_knows_whether_they_have_come():
    spooled = {"wrapup_spool_bytes": {(): 90.0}}
    assert judged([SILENT], Figures(HEARD | spooled), Windows(), NOON) == ([], {"callbacks_silent"})
    state = State()
    for minute in range(30):
        figures = Figures(HEARD | ({"wrapup_callback_silent": OF_RYNG} if minute < 10 else spooled))
        state.advance(*judged([SILENT], figures, Windows(), NOON), NOON + timedelta(minutes=minute), False)
    (alert,) = state.on()
    assert alert.name == "callbacks_silent" and not alert.well
    (wrong,), unknown = judged([SILENT], Figures(HEARD), Windows(), NOON)
    assert unknown == {"callbacks_silent"} and "is missing" in wrong.summary


@pytest.fixture
def over():
    """An alert that is over, and nobody looked for an hour meanwhile."""
    state, wrong = State(), Wrong("[1]", "warning", timedelta(0), "It waits.", NAMED["receipts_wait"])
    for minutes, found in ((0, [wrong]), (3, [wrong]), (63, []), (66, [])):
        state.advance(found, (), NOON + timedelta(minutes=minutes), False)
        state = State.read(state.document())
    return state


def test_an_end_that_nobody_saw_is_told_with_when_nobody_looked(over):
    (note,) = over.notes("mail", (), False)
    words = messages.body([note], Alerts())
    assert "It was not told here while it lasted.\nFrom 2026-11-18 12:03 UTC to 2026-11-18 13:03 UTC nobody" in words
    assert over.looked_at() == NOON + timedelta(minutes=66)


def test_when_nobody_looked_is_remembered_for_a_digest(over):
    assert [ends - begins for begins, ends in over.gaps(NOON, NOON + DAY)] == [timedelta(hours=1)]
    first, _ = over.gaps(NOON - DAY, NOON + DAY)
    assert Alerts().unwatched(first).startswith("Until 2026-11-18 12:00 UTC nobody looked at all of it")
    later = NOON + timedelta(minutes=66) + UNWATCHED
    over.advance((), (), later, False)
    assert len(over.unwatched) == 2, "so long may lie between two looks"
    over.advance((), (), later + 3 * DAY, False)
    assert len(over.unwatched) == 1


def poll(**given):
    row = {"report": "lead_history", "complete_to": "2026-11-19T01:00:00Z", "idle": False, "warning": None}
    return row | given


def test_what_was_asked_of_the_last_hours_alone_says_nothing_of_the_day():
    since = NOON.replace(hour=0)
    found = sources.of({ASKED.name: ASKED}, {ASKED.name: [poll(layer="recent")]}, since, since + DAY, "UTC")
    assert found.words == "not all sources complete"
    assert "4 h back; what is older has not been read yet" in found.short[ASKED.name]


@pytest.mark.parametrize(
    ("connections", "given", "words", "sentences"),
    [
        ([], {}, "no source is connected", []),
        ([POSTS], {}, "no source can be asked whether this is all", ["Of ryng-main only callbacks tell"]),
        ([POSTS, ASKED], {}, "all sources that can be asked complete", ["Of ryng-main only callbacks tell"]),
        ([ASKED], {}, "all sources complete", []),
        ([ASKED], {"complete_to": "2026-11-18T23:59:59Z"}, "not all sources complete", ["Of qvoice-main it is not"]),
        ([ASKED], {"complete_to": None}, "not all sources complete", ["Of qvoice-main it is not"]),
        ([ASKED], {"warning": "a gap"}, "not all sources complete", ["Of qvoice-main it is not"]),
        (
            [ASKED],
            {"idle": True, "complete_to": "2026-11-18T08:00:00Z"},
            "nobody can say whether all sources are complete",
            ["Of qvoice-main it is not"],
        ),
    ],
)
def test_all_sources_are_complete_where_each_was_asked_to_the_end(connections, given, words, sentences):
    since = NOON.replace(hour=0)
    by_name = {one.name: one for one in connections}
    polls = {"qvoice-main": [poll(layer=layer, **given) for layer in ("recent", "yesterday", "week")]}
    found = sources.of(by_name, polls, since, since + DAY, "UTC")
    assert found.words == words
    said = list(found.sentences(but=()))
    assert len(said) == len(sentences) and all(map(str.startswith, said, sentences)), said

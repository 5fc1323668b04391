"""How far a report is complete, from what its layers say: pure, a row for each rule."""

from datetime import UTC, datetime, timedelta

import pytest

from dialers.base import Connection
from queries.completeness import layer_to, of_reports

QVOICE = Connection("qvoice-main", "qvoice")
JAICP = Connection("jaicp-bot", "jaicp", settings={})
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def poll(report: str, layer: str, minutes: int | None, idle: bool = False, warning: str | None = None) -> dict:
    to = None if minutes is None else (NOON - timedelta(minutes=minutes)).isoformat()
    return {"report": report, "layer": layer, "complete_to": to, "idle": idle, "warning": warning}


READ = [poll("lead_history", "recent", 3), poll("lead_history", "yesterday", 8), poll("lead_history", "week", 20)]


@pytest.mark.parametrize(
    ("connection", "report", "polls", "words"),
    [
        (QVOICE, "lead_history", READ, "complete to 11:57"),
        # it follows single calls, and says nothing of the others
        (QVOICE, "lead_history", [*READ, poll("lead_history", "awaiting", 0)], "complete to 11:57"),
        (QVOICE, "lead_history", [*READ, poll("lead_history", "awaiting", None, idle=True)], "complete to 11:57"),
        # a wide look-back that came farther, while the narrow one failed
        (QVOICE, "lead_history", [poll("lead_history", "recent", 40), *READ[2:]], "complete to 11:40"),
        (QVOICE, "lead_history", READ[:1], "complete to 11:57, 4 h back; what is older has not been read yet"),
        (QVOICE, "lead_history", READ[:2], "complete to 11:57, 24 h back; what is older has not been read yet"),
        (QVOICE, "lead_history", [], "not read yet"),
        (QVOICE, "campaign_status", [poll("campaign_status", "now", 1)], "complete to 11:59"),
        (JAICP, "jobs", [poll("jobs", "open", 9), poll("jobs", "recent", 30)], "complete to 11:51"),
        # one layer still has something to ask for
        (JAICP, "jobs", [poll("jobs", "open", 9, idle=True), poll("jobs", "recent", 7)], "complete to 11:53"),
        (JAICP, "jobs", [poll("jobs", "open", 9, True), poll("jobs", "recent", 7, True)], 
         ": nothing to ask for; asked last at 11:53"),
        (JAICP, "jobs", [poll("jobs", "open", None, True), poll("jobs", "recent", None, True)], ": nothing to ask for"),
        # a window was cut off, and the next one begins at its end
        (QVOICE, "lead_history", [*READ[:2], poll("lead_history", "week", 20, warning="Cut.")], 
         "complete to 11:57, with a gap"),
        (QVOICE, "lead_history", [*READ, poll("lead_history", "awaiting", 0, warning="Cut.")], "complete to 11:57"),
        # the settings no longer name it
        (None, "jobs", [poll("jobs", "open", 9), poll("jobs", "recent", 7, idle=True)], "complete to 11:51"),
    ],
)  # fmt: skip
def test_complete_to(connection, report, polls, words):
    (found,) = [one for one in of_reports(connection, polls) if one.report == report]
    said = found.words(f"{found.to:%H:%M}" if found.to else "")
    assert said == f"{report.replace('_', ' ')}{'' if words.startswith(':') else ' '}{words}"


@pytest.mark.parametrize(
    ("minutes", "failures", "due", "to"),
    [
        (120, 0, 30, 1),  # asked for seldom, and not due yet: the report has all that it would bring but what is late
        (120, 0, -1, 1),  # due a moment ago
        (120, 0, -3, 120),
        (120, 1, 30, 120),
        (None, 0, 0, None),
    ],
)
def test_a_layer_that_is_on_time_is_as_far_as_its_report(minutes, failures, due, to):
    seldom = poll("lead_history", "week", minutes) | {"failures": failures, "due_at": _iso(-due)}
    (report, *_) = of_reports(QVOICE, [poll("lead_history", "recent", 1), seldom])
    found = layer_to(seldom, report, NOON)
    assert found == (None if to is None else NOON - timedelta(minutes=to))


def _iso(minutes: int) -> str:
    return (NOON - timedelta(minutes=minutes)).isoformat()

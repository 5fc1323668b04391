"""What a row showed 24 hours after its call, kept where it has changed since: reports say how much figures still moved. Pure.

A row that has not changed since then shows it still, so nothing has to be written when the 24 hours are over, by no loop and no
fold. It is kept when the first revision after them replaces it. Readers take the row as it is where it was last changed within
the 24 hours, and else what was kept: ``queries.reports.moving`` has the same rule in SQL, its twin.

Null in both where a release that kept nothing has changed the row after its 24 hours: nobody knows then what it had shown.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dialers.vocabulary import UNKNOWN

AFTER = timedelta(hours=24)
COLUMNS = ("stood_connect_outcome", "stood_contact")
NOTHING: Mapping[str, Any] = dict.fromkeys(COLUMNS)
NOT_SHOWN: Mapping[str, Any] = {"stood_connect_outcome": UNKNOWN, "stood_contact": False}


def of_new(occurred_at: datetime, at: datetime) -> Mapping[str, Any]:
    """What is kept with a row that appears at this moment: that it was not there, where the 24 hours are over already."""
    return NOT_SHOWN if at > occurred_at + AFTER else NOTHING


def of_changed(before: Mapping[str, Any], occurred_at: datetime, at: datetime) -> Mapping[str, Any]:
    """What is kept when a row changes at this moment; ``occurred_at`` is the call's time as it is known now. Nothing, where it
    is kept already or the 24 hours are not over."""
    due = occurred_at + AFTER
    if before["stood_connect_outcome"] is not None or at <= due:
        return {}
    if before["changed_at"] <= due:
        return {"stood_connect_outcome": before["connect_outcome"], "stood_contact": "contact" in before["flags"]}
    # The call turns out to have been earlier than the row showed.
    if before["changed_at"] <= before["occurred_at"] + AFTER:
        return NOT_SHOWN
    return {}

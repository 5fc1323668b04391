"""How much figures still move: what may still change, and what has changed since the day after each call."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, func

from dialers.vocabulary import AWAITING_DISPOSITION, CONNECTED, PROVISIONAL
from models import CallOutcome
from outcomes import stood
from queries.expressions import micros
from queries.reports import facts
from queries.reports.base import Asked, Figure, Report
from queries.reports.meaning import KNOWN_BY, meaning_unknown
from queries.reports.of_calls import UNMAPPED, calls, rate

FIRST_SHOWN, NOW = "first_shown", "now"
NOT_KEPT = (
    "Of some of these calls it was not kept what they had shown: a release before changed them after their 24 hours."
)
_AFTER = stood.AFTER.days * 86_400 * 1_000_000

# The twin of ``outcomes.stood``.
_AS_IT_STOOD = micros(CallOutcome.changed_at) - micros(CallOutcome.occurred_at) <= _AFTER
_CONNECT_OUTCOME = case((_AS_IT_STOOD, CallOutcome.connect_outcome), else_=CallOutcome.stood_connect_outcome)
_CONTACT = case((_AS_IT_STOOD, facts.CONTACT), else_=func.coalesce(CallOutcome.stood_contact, False))
_NOT_KEPT = ~_AS_IT_STOOD & CallOutcome.stood_connect_outcome.is_(None)
_PROVISIONAL = CallOutcome.settling == PROVISIONAL
_AWAITING = CallOutcome.settling == AWAITING_DISPOSITION
_meaning = meaning_unknown("first_shown_contacts", "now_contacts")


def _reasons(asked: Asked, known: Mapping[str, Any]) -> Mapping[str, str]:
    not_kept = dict.fromkeys(("first_shown_connected", "first_shown_contacts"), NOT_KEPT) if known["not kept"] else {}
    return {**not_kept, **_meaning(asked, known)}


def _standing(name: str, numerator: str, condition: ColumnElement[bool], inside: str) -> Figure:
    more = {"excludes": UNMAPPED} if name == "contacts" else {}
    return calls(f"{inside}_{name}", numerator, condition, inside=inside, **more)


_AT_FIRST = "; of a call that is younger, as it is now, and none of one that appeared later."

MOVING = Report(
    "may_still_move",
    "How much of what is shown may still change, and how much has changed since the day after the calls?",
    (
        *KNOWN_BY,
        calls("provisional", "Calls that are not over (`settling` is `provisional`).", _PROVISIONAL),
        calls("awaiting", "Calls that are over and wait for their disposition (`awaiting_disposition`).", _AWAITING),
        calls("moving", "", _PROVISIONAL | _AWAITING, hidden=True),
        rate("share", "moving", "all calls", "Calls that are not over or wait for their disposition.", "All outcomes."),
        calls("not kept", "", _NOT_KEPT, hidden=True),
        _standing(
            "connected",
            f"Calls that had the connect outcome `connected` 24 hours after the call{_AT_FIRST}",
            _CONNECT_OUTCOME == CONNECTED,
            FIRST_SHOWN,
        ),
        _standing(
            "contacts",
            f"Calls that had the flag `contact` 24 hours after the call{_AT_FIRST}",
            _CONTACT,
            FIRST_SHOWN,
        ),
        _standing("connected", "Calls with the connect outcome `connected`, as it is now.", facts.ANSWERED, NOW),
        _standing("contacts", "Calls with the flag `contact`, as it is now.", facts.CONTACT, NOW),
    ),
    default_groups=("day",),
    reasons=_reasons,
    by_meaning=True,
)

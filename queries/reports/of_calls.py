"""Reports whose figures are counts of calls, and rates of such counts."""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any

from dialers.vocabulary import ABANDONED, VOICEMAIL
from models import CallOutcome
from queries.reports import facts
from queries.reports.base import Asked, Column, Condition, Figure, Report
from queries.reports.meaning import KNOWN_BY, meaning_unknown
from queries.reports.percentiles import MEDIAN, P90
from queries.reports.telling import known_by, untold

FEW = "Merged rows; null with fewer {} than `min_calls` (setting, 30)."
NEAR = Fraction(5, 6)  # of the limit of abandoned calls
ABANDON_DAYS = 30


def _always(condition: Any) -> Condition:
    return lambda _: condition


def calls(name: str, numerator: str, condition: Any, **more: Any) -> Figure:
    return Figure(name, numerator, calls=_always(condition), **more)


def rate(name: str, part: str, whole: str, numerator: str, denominator: str, **more: Any) -> Figure:
    return Figure(name, numerator, denominator, ratio=(part, whole), unit="share", **more)


UNMAPPED = "Merged rows; dispositions that nobody has mapped."
FINAL = calls("final", "Calls that are over (`is_final`).", facts.FINAL)
CONNECTED = calls(
    "connected",
    "Calls with the connect outcome `connected`.",
    facts.ANSWERED,
    elsewhere="VICIdial: human answers; Genesys: connects; Talkdesk's `connected` is the intended person.",
)
CONTACTS = calls(
    "contacts",
    "Calls whose disposition has the flag `contact`.",
    facts.CONTACT,
    excludes=UNMAPPED,
    elsewhere="VICIdial: customer contacts; Genesys: right party contacts.",
)
CONNECT_RATE = rate(
    "connect_rate",
    "connected",
    "final",
    "Calls with the connect outcome `connected`.",
    "Calls that are over (`is_final`).",
    elsewhere="Genesys: `contactRate` is attempts and connects; telephony: answer-seizure ratio.",
)


ATTEMPTS = Report(
    "attempts",
    "How many calls were there?",
    (calls("attempts", "All outcomes.", facts.EVERY, elsewhere="Calls, dials."),),
)

ATTEMPTS_PER_LEAD = Report(
    "attempts_per_lead",
    "How often was each lead called?",
    (
        calls("attempts", "All outcomes.", facts.EVERY, elsewhere="Calls, dials."),
        calls("without_lead", "Outcomes that name neither a lead nor a customer's number.", ~facts.HAS_LEAD),
        calls("with_lead", "", facts.HAS_LEAD, hidden=True),
        Figure("leads", "Different leads that were called.", leads=_always(facts.HAS_LEAD), unit="leads"),
        Figure(
            "attempts_per_lead",
            "Outcomes with a lead.",
            "Different leads that were called.",
            "Outcomes without a lead; merged rows.",
            "VICIdial: calls per lead; HubSpot: attempts per contact.",
            "calls per lead",
            ratio=("with_lead", "leads"),
        ),
    ),
)

CONNECT = Report("connect_rate", "Which share of calls reaches somebody?", (FINAL, CONNECTED, CONNECT_RATE))

CONTACT = Report(
    "contact_rate",
    "Which share of calls, of conversations and of leads reaches the person who was wanted?",
    (
        *KNOWN_BY,
        CONTACTS,
        calls("final", "", facts.FINAL, hidden=True),
        calls("connected", "", facts.ANSWERED, hidden=True),
        Figure("contacted", "", excludes=UNMAPPED, leads=_always(facts.CONTACT), hidden=True),
        Figure("leads", "", leads=_always(facts.HAS_LEAD), hidden=True),
        rate("per_call", "contacts", "final", "Contacts.", "Calls that are over."),
        rate("per_conversation", "contacts", "connected", "Contacts.", "Connected calls."),
        Figure(
            "per_lead",
            "Leads with a contact.",
            "Leads that were called.",
            "Calls without a lead; merged rows.",
            "VICIdial: human-answered leads / leads of the list; Aviary: by unique people.",
            "share",
            ratio=("contacted", "leads"),
        ),
        rate(
            "unmapped_share",
            "unmapped",
            "disposed",
            "Connected calls with a disposition that nobody has mapped.",
            "Connected calls with a disposition.",
        ),
    ),
    reasons=meaning_unknown("contacts", "per_call", "per_conversation", "per_lead"),
    by_meaning=True,
)

_CONNECTED_AND_OVER = facts.FINAL & facts.ANSWERED

_HUMANS = "Calls with the connect outcome `connected` of which it is not told that a machine or a fax answered"


def _last_days(asked: Asked) -> Any:
    until = asked.filters.get("until") or asked.now
    return (CallOutcome.occurred_at >= until - timedelta(days=ABANDON_DAYS)) & (CallOutcome.occurred_at < until)


def _state(asked: Asked, known: dict[str, Any]) -> dict[str, Any]:
    limit, state = asked.limits.abandon_limit, None
    if known["abandon_rate"] is not None:
        # Before it is rounded: 0.03004 is above 0.03.
        rate, most = Fraction(known["abandoned"], known["answered by people"]), Fraction(str(limit))
        state = "over" if rate > most else "near" if rate >= most * NEAR else "ok"
    return {"limit": limit, "state": state}


ABANDON = Report(
    "abandon_rate",
    "Which share of the people who answered found nobody there, in the time asked about or, where that is longer, in its last "
    f"{ABANDON_DAYS} days?",
    (
        calls(
            "abandoned",
            "Calls with the connect outcome `abandoned`.",
            facts.DROPPED,
            excludes="Merged rows. Null where no dialer of the calls tells of such: Ringostat and JAICP do not by themselves.",
            elsewhere="Dropped calls.",
        ),
        *known_by(ABANDONED),
        calls("humans", _HUMANS + ".", facts.HUMAN),
        calls("answered by people", "", facts.HUMAN | facts.DROPPED, hidden=True),
        calls("final", "", facts.FINAL, hidden=True),
        rate(
            "abandon_rate",
            "abandoned",
            "answered by people",
            "Abandoned calls.",
            "Human conversations and abandoned calls.",
            elsewhere="US TSR: 0.03 of live answers per campaign in 30 days; Ofcom: since 2017 no rate is acceptable.",
        ),
        rate(
            "of_final",
            "abandoned",
            "final",
            "Abandoned calls.",
            "Calls that are over.",
            elsewhere="VICIdial: drop rate.",
        ),
        Figure("limit", "The setting `abandon_limit`.", excludes="", unit="share"),
        Figure(
            "state",
            f"`ok`, `near` from {float(NEAR):.4f} of the limit, `over` above it, before the rate is rounded.",
            excludes="",
            unit="word",
        ),
    ),
    default_groups=("campaign",),
    base=_last_days,
    days=ABANDON_DAYS,
    finish=_state,
    reasons=untold("abandoned calls", "abandoned", "abandon_rate", "of_final", "state"),
)

MACHINES = Report(
    "machine_rate",
    "Which share of what answered was a machine?",
    (
        calls(
            "machines",
            "Calls with the connect outcome `voicemail`.",
            facts.MACHINE,
            excludes="Merged rows. Null where no dialer of the calls tells of such: only Ringostat does by itself; of the others "
            "it takes a word, a status code or a hangup cause that was given that meaning.",
        ),
        *known_by(VOICEMAIL),
        calls("live", "Calls that connected or were abandoned.", facts.ANSWERED | facts.DROPPED),
        calls("that answered", "", facts.MACHINE | facts.ANSWERED | facts.DROPPED, hidden=True),
        rate("machine_rate", "machines", "that answered", "Voicemail.", "Voicemail, connected and abandoned calls."),
    ),
    reasons=untold("voicemail", "machines", "machine_rate"),
)

_TIMES: Mapping[str, tuple[str, Any]] = {
    "talk": ("`talk_seconds` of the connected calls of which it is known", facts.CONVERSATION),
    "ring": ("`ring_seconds` of the calls of which it is known", CallOutcome.ring_seconds),
    "wrap": ("`disposed_at` less `ended_at`, whole seconds, where that is 0 or more and below 3600", facts.WRAP),
    "handling": ("talk and wrap-up of the calls of which both are known", facts.HANDLING),
}


def _column(column: Any) -> Column:
    return lambda _: column


def _times() -> tuple[Figure, ...]:
    found = []
    for name, (what, values) in _TIMES.items():
        column = _column(values)
        excludes = "Calls of which it is not known; merged rows. Login time is not known and never guessed."
        more: dict[str, Any] = {"excludes": excludes, "unit": "seconds"}
        found += [
            Figure(f"{name}_mean", f"The mean of {what}.", mean=column, **more),
            Figure(f"{name}_median", f"The median, a value that occurred, of {what}.", nth=(MEDIAN, column), **more),
            Figure(
                f"{name}_p90",
                f"The 90th percentile, a value that occurred, of {what}.",
                nth=(P90, column),
                **more,
            ),
        ]
    return tuple(found)


TALK_UNKNOWN = "Of none of these conversations is it known how long it was."
TALK_KNOWN_BY = (
    calls("answered", "", facts.ANSWERED, hidden=True),
    calls("talk known", "", facts.ANSWERED & CallOutcome.talk_seconds.is_not(None), hidden=True),
)


def talk_unknown(known: Mapping[str, Any], *names: str) -> Mapping[str, str]:
    """Figures that rest on how long people talked are null where there were conversations, and that is known of none."""
    return dict.fromkeys(names, TALK_UNKNOWN) if known["answered"] and not known["talk known"] else {}


def _agents_reasons(asked: Asked, known: Mapping[str, Any]) -> Mapping[str, str]:
    meaning: Mapping[str, str] = meaning_unknown("contacts", "sales", "sales_per_contact")(asked, known)
    return {**meaning, **talk_unknown(known, "talk_seconds")}


TIMES = Report("times", "How long do people talk, ring and wrap up?", _times())

AGENTS = Report(
    "agents",
    "What does the work of each agent come to?",
    (
        *KNOWN_BY,
        calls("calls", "All outcomes.", facts.EVERY),
        calls("conversations", _HUMANS + ".", facts.HUMAN),
        CONTACTS,
        calls("sales", "Calls whose disposition has the flag `sale`.", facts.SALE, excludes=UNMAPPED),
        *TALK_KNOWN_BY,
        Figure(
            "talk_seconds",
            "Sum of `talk_seconds` of all calls.",
            excludes="Calls of which it is not known; merged rows.",
            unit="seconds",
            total=_column(CallOutcome.talk_seconds),
        ),
        Figure("wrap_mean", "The mean of " + _TIMES["wrap"][0] + ".", unit="seconds", mean=_column(facts.WRAP)),
        rate("sales_per_contact", "sales", "contacts", "Sales.", "Contacts.", excludes=FEW.format("calls"), least=True),
        calls(
            "undisposed", "Connected calls that are over, without a disposition.", _CONNECTED_AND_OVER & ~facts.DISPOSED
        ),
    ),
    default_groups=("agent",),
    by_meaning=True,
    least_of="calls",
    reasons=_agents_reasons,
)

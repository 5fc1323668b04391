"""``lead_history``: what happened in one call, step by step.

docs.qvoice.net, "Get Campaigns activity", shows one step: ``event`` "campaign dial" with ``type`` "dial agent". Public client
code reads further names, some of it in ``event`` and some in ``type``, so both are looked at. The agents of the steps are
those who were tried; whom the call is credited to stands in the row itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialers import vocabulary as ours
from dialers.base import Connection
from dialers.connection import plain
from dialers.fields import mapping, moment, text, unfolded, word
from dialers.unread import a_time, sample, states
from lib.rawjson import Members

STEPS = {
    "lead_answer": ours.CUSTOMER_ANSWERED,
    "agent_answer": ours.AGENT_ANSWERED,
    "dial": ours.DIALED,
    "campaign dial": ours.DIALED,
    "dial agent": ours.DIALED,
    "dial lead": ours.DIALED,
}
LEAD_HANGUP = "lead_hangup"
# What is known and tells nothing that the row does not: on the timeline, and no word to be decided.
KNOWN = frozenset(
    (LEAD_HANGUP, "agent_hangup", "hold_start", "hold_stop", "transfer", "transfer_enter", "transfer_exit")
)
ANSWER = "answer"  # of whom, ``type`` says; without it nobody knows
ANSWERED_BY = {"agent": ours.AGENT_ANSWERED, "lead": ours.CUSTOMER_ANSWERED}
# The page's own pair has blanks, the names that clients read have "_": either is read for both.
_SPELLED = {plain(word): word for word in (*STEPS, *KNOWN, ANSWER, *ANSWERED_BY)}

TIMES = ("timestamp", "time", "datetime", "last_attempt")
MOST_STEPS = 500


@dataclass(frozen=True)
class Step:
    """One entry: ``kind`` is ours, ``words`` are the dialer's, in small letters."""

    kind: str
    words: tuple[str, ...]
    at: datetime | None
    agent: Mapping[str, Any]
    extension: str | None
    hangup_cause: str | None
    unread: tuple[tuple[str, str], ...] = ()  # its fields that state a time which cannot be read, with samples

    @property
    def undecided(self) -> str | None:
        """Its words, where none of them is known."""
        return None if KNOWN.intersection(self.words) else " / ".join(self.words) or None

    @property
    def is_agent_dial(self) -> bool:
        return self.kind == ours.DIALED and (bool(self.agent) or any("agent" in word for word in self.words))

    @property
    def agent_name(self) -> str | None:
        names = (text(self.agent.get("first_name")), text(self.agent.get("last_name")))
        return " ".join(name for name in names if name) or text(self.agent.get("name"))


def steps(value: object, connection: Connection) -> list[Step]:
    """The steps in the dialer's order; empty for nothing and for what is no list."""
    value = unfolded(value)
    if isinstance(value, Members):  # object of objects, keyed by number or id
        value = [item for _, item in value.pairs]
    if not isinstance(value, list):
        return []
    return [_step(entry, connection) for entry in value[:MOST_STEPS] if isinstance(entry, dict)]


def _step(entry: Mapping[str, Any], connection: Connection) -> Step:
    words = tuple(
        _SPELLED.get(plain(said), said.casefold()) for name in ("event", "type") if (said := word(entry.get(name)))
    )
    agent = mapping(entry.get("agent"))
    at = next((at for name in TIMES if (at := moment(entry.get(name), connection))), None)
    return Step(
        kind=_kind(words),
        words=words,
        at=at,
        agent=agent,
        extension=text(entry.get("ext")) or text(agent.get("ext")),
        hangup_cause=word(entry.get("hangup_cause")),
        unread=() if at else _unread_times(entry, connection),
    )


def _unread_times(entry: Mapping[str, Any], connection: Connection) -> tuple[tuple[str, str], ...]:
    said = [(name, value) for name in TIMES if states(value := entry.get(name)) and a_time(value, connection) is None]
    return tuple((f"lead_history.{name}", sample(value)) for name, value in said)


def _kind(words: tuple[str, ...]) -> str:
    known = [STEPS[word] for word in words if word in STEPS]
    if known:
        # A word that says who answered tells more than one that says that somebody was rung.
        return next((kind for kind in known if kind != ours.DIALED), known[0])
    if ANSWER in words:
        return next((kind for word, kind in ANSWERED_BY.items() if word in words), ours.MILESTONE)
    return ours.MILESTONE

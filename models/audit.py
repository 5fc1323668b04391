"""Who did what, when, and from where: one row for each act of a person that changes something. Rows are only added.

A note is written in the transaction of its act (``note``): an act that is rolled back leaves none, and one that is done has
one. Both databases refuse to change a row and, until it is old, to delete one (migrations 0036, 0042); what is old goes by age
alone, where the settings say so (``upkeep.retention``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from lib import clock, ids
from lib import text as texts
from models.base import Base, Count, Id, Json, Moment, Name, Ref, Word

# Younger rows are deleted by nobody, whatever is configured: the databases refuse it themselves.
KEPT_DAYS = 90

# Everything that is noted. A new act is named here first; ``note`` refuses what is not.
ACTS = (
    "backup.drill",
    "backup.make",
    "backup.restore",
    "call.cancel",
    "call.end",
    "call.set_voicemail",
    "call.start",
    "campaign.command",
    "delivery.choose",
    "delivery.leave_out",
    "delivery.retry",
    "delivery.undo",
    "destination.make_properties",
    "destination.pause",
    "destination.resume",
    "destination.send",
    "erasure.apply",
    "export_link.make",
    "export_link.revoke",
    "feed.restart",
    "key.create",
    "key.revoke",
    "lead.delete",
    "lead.set_status",
    "leads.decide_unknown",
    "load.create",
    "load.resume",
    "mapping.decide",
    "mapping.withdraw",
    "outcomes.renormalize",
    "person.show",
    "poll.now",
    "receipts.dismiss",
    "receipts.import_spool",
    "receipts.purge_strangers",
    "receipts.replay",
    "retention.apply",
    "schedule.change",
    "schedule.create",
    "schedule.pause",
    "schedule.remove",
    "schedule.repeat",
    "schedule.resume",
    "schedule.send",
    "session.begin",
    "session.end",
    "suppression.put",
    "suppression.take_off",
    "take_out.done",
    "view.change",
    "view.create",
    "view.remove",
)

COMMAND_LINE = "cli"  # where an act came from that came from no address


class Audit(Base):
    """One act. ``details`` hold no personal data of those who were called: of numbers, no more than ``lib.phone.masked``."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_act", "act", "id"), Index("ix_audit_log_who", "who", "id"))

    id: Mapped[Id]
    happened_at: Mapped[Moment] = mapped_column(index=True)
    # The key's name; ``command line`` with the system's user; of OpenID Connect the e-mail, or the subject.
    who: Mapped[Name]
    key_id: Mapped[Ref | None]  # of the key, where it was one
    source: Mapped[Word]  # the address; ``cli``
    act: Mapped[Word]  # one of ACTS
    connection: Mapped[Name | None]
    subject: Mapped[Name | None]  # the id or the name of what was acted upon
    count: Mapped[Count | None]  # of how many
    details: Mapped[Json | None]
    request_id: Mapped[Word | None]


@dataclass(frozen=True)
class Actor:
    """Whoever acts now."""

    who: str
    source: str
    key_id: UUID | None = None
    request_id: str | None = None


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def acts_as(actor: Actor | None) -> None:
    """From now on this one acts, in this request or command alone. None: nobody that is known."""
    _actor.set(actor)


def actor() -> Actor | None:
    """Whoever acts now; None in the worker, whose acts are nobody's."""
    return _actor.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Within it this one acts."""
    before = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(before)


def note(
    session: Session,
    act: str,
    *,
    connection: str | None = None,
    subject: object = None,
    count: int | None = None,
    details: Mapping[str, Any] | None = None,
    by: Actor | None = None,
) -> None:
    """Note an act, in the transaction that does it. ``by``: who did it, where it is not whoever acts now. Where nobody acts, as
    in a loop of the worker, nothing is noted. Raises ValueError for an act that is none of ACTS."""
    if act not in ACTS:
        raise ValueError(f"{act!r} is none of the acts that are noted (models.audit.ACTS).")
    if (by := by or actor()) is None:
        return
    session.add(
        Audit(
            id=ids.new(),
            happened_at=clock.now(),
            who=by.who[:200],
            key_id=by.key_id,
            source=by.source[:64],
            act=act,
            connection=None if connection is None else texts.visible(connection)[:200],
            subject=None if subject is None else texts.visible(str(subject))[:200],
            count=count,
            details=_holdable(details) if details else None,
            request_id=by.request_id,
        )
    )


def _holdable(value: Any) -> Any:
    """The same with what no database holds, or what hides, as it is written in Python: people type their filters."""
    if isinstance(value, str):
        return texts.visible(value)
    if isinstance(value, Mapping):
        return {texts.visible(name): _holdable(inner) for name, inner in value.items()}
    return [_holdable(inner) for inner in value] if isinstance(value, list | tuple) else value


def said(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters as a note holds them."""
    return {name: value if isinstance(value, int | list) else str(value) for name, value in filters.items()}

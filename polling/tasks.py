"""What is to be polled of a connection, how often, and how far back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, exists, func, not_, select
from sqlalchemy.orm import Session, aliased

from dialers.asking import Jobs, Layer, Report, Window
from dialers.base import Connection, Dialer
from dialers.vocabulary import AWAITING_DISPOSITION, CALL_ENDED, MILESTONE, NEVER_DISPOSED, UNKNOWN
from models import CallEvent, CallOutcome, LeadLoad, LoadedLead
from models.loads import ACCEPTED
from queries.loaded import BY_DIALER_ID

OVERLAP = timedelta(minutes=10)  # rows become visible late, and clocks differ
FARTHEST = timedelta(days=35)  # back to a call or a job that nobody has told the end of
USUAL_POLL_SECONDS = 60  # what the layers' ``every`` was written for


@dataclass(frozen=True)
class Task:
    """One layer of one report of a connection: what a cursor stands for."""

    report: Report
    layer: Layer
    every: timedelta
    span: timedelta | None

    @property
    def key(self) -> tuple[str, str]:
        return self.report.name, self.layer.name


def tasks(connection: Connection, dialer: Dialer) -> list[Task]:
    """Everything to poll, the most frequent first. The setting ``poll_seconds`` stretches or shortens all intervals
    alike; the widest layer reaches back at least as far as a disposition may come."""
    pace = connection.settings.get("poll_seconds", USUAL_POLL_SECONDS) / USUAL_POLL_SECONDS
    found = []
    for report in dialer.reports_of(connection):
        widest = max((layer.span for layer in report.layers if layer.span), default=None)
        for layer in report.layers:
            span = max(layer.span, connection.disposition_window) if layer.span and layer.span == widest else layer.span
            found.append(Task(report, layer, layer.every * pace, span))
    return sorted(found, key=lambda task: task.every)


def window(
    session: Session, connection: Connection, task: Task, complete_to: datetime | None, at: datetime
) -> Window | Jobs | Literal[False] | None:
    """The window or the jobs to ask for; None for a report of the present moment; False where there is nothing to ask for."""
    farthest = at - max(FARTHEST, connection.disposition_window)
    if task.layer.jobs:
        return _jobs(session, connection, farthest, at - task.span if task.span else None) or False
    if task.layer.awaiting:
        oldest = _oldest_awaiting(session, connection, at, at - _covered(task))
        return Window(max(oldest - OVERLAP, farthest), at) if oldest else False
    if task.span is None:
        return None
    start = at - task.span
    if complete_to is not None:
        start = min(start, complete_to - OVERLAP)
    return Window(start, at)  # however long the pause was: what is said to be complete has no gap


def _covered(task: Task) -> timedelta:
    """How far the report's most frequent layer looks back: younger calls need no other."""
    return min((layer.span for layer in task.report.layers if layer.span), default=timedelta(0))


def _oldest_awaiting(session: Session, connection: Connection, at: datetime, before: datetime) -> datetime | None:
    return session.scalar(
        select(func.min(CallOutcome.occurred_at)).where(
            CallOutcome.connection == connection.name,
            CallOutcome.settling == AWAITING_DISPOSITION,
            CallOutcome.settle_by > at,
            CallOutcome.merged_into.is_(None),
            CallOutcome.occurred_at < before,
        )
    )


def _goes_on() -> ColumnElement[bool]:
    """Whether the last that was told of an outcome is no end: a script may have its customer called again."""
    told, end = aliased(CallEvent), aliased(CallEvent)
    last_end = select(func.max(end.seen_at)).where(end.outcome_id == CallOutcome.id, end.kind == CALL_ENDED)
    later = (told.kind == MILESTONE, told.seen_at > last_end.correlate(CallOutcome).scalar_subquery())
    return exists().where(told.outcome_id == CallOutcome.id, *later)


def _jobs(session: Session, connection: Connection, since: datetime, over_since: datetime | None) -> Jobs | None:
    """What was loaded since then and is not over, or ended after ``over_since`` or goes on: what became of it may be corrected.
    Lead and outcome meet by the dialer's id alone, for it is asked about its own ids."""
    # A job whose end was not told while its outcome waited may be planned for next week: it is not over.
    untold = and_(CallOutcome.connect_outcome == UNKNOWN, CallOutcome.settling == NEVER_DISPOSED)
    ended_at = func.coalesce(CallOutcome.ended_at, CallOutcome.occurred_at)
    # One that was over may have gone on since. Seldom asked: it takes a look at each job's events.
    ended = (ended_at < over_since, not_(_goes_on())) if over_since else ()
    over = exists().where(
        CallOutcome.connection == LoadedLead.connection,
        BY_DIALER_ID,
        CallOutcome.is_final,
        CallOutcome.merged_into.is_(None),
        not_(untold),
        *ended,
    )
    statement = (
        select(LeadLoad.campaign, LoadedLead.dialer_id)
        .join(LeadLoad, LeadLoad.id == LoadedLead.load_id)
        .where(LoadedLead.connection == connection.name, LoadedLead.dialer_id.is_not(None))
        .where(LoadedLead.state == ACCEPTED, LoadedLead.sent_at >= since, ~over)
        .order_by(LoadedLead.id)
    )
    found: dict[str, list[str]] = {}
    for campaign, dialer_id in session.execute(statement):
        if campaign is not None and dialer_id is not None:  # else there is no campaign to ask about
            found.setdefault(campaign, []).append(dialer_id)
    return Jobs({campaign: tuple(ids) for campaign, ids in found.items()}) if found else None

"""Metrics, read from the tables. Where the database cannot be read there are no figures, not figures of zero.

No key; the proxy decides who may ask. (``/healthz`` and ``/readyz``: callbacks.receiver.)
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import inf

import structlog
from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from models import ChangeFeed, PollCursor, StrangerQuota
from models.database import Database, said
from models.polls import BEGUN_HISTORY
from models.strangers import UNKNOWN
from outcomes import undecided
from queries import destinations, health, quarantine, schedules, strangers, suppressions, take_outs
from queries.recent_counts import NotYet, OfCalls, RecentCounts
from web import spooled, steered
from web.context import context
from web.turns import SCRAPES

log = structlog.get_logger()

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus, read from the database; what is counted of millions may be some moments old, and says so."""
    registry = CollectorRegistry(auto_describe=False)
    own = context()
    registry.register(Collector(own.database, own.connections, own.recent_counts))
    with SCRAPES.turn():
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Collector:
    """Asks the database once per scrape, within a request. ``connections`` are those that are configured."""

    def __init__(self, database: Database, connections: Mapping[str, Connection], recent: RecentCounts):
        self._database = database
        self._connections = connections
        self._recent = recent

    def collect(self) -> Iterator[Metric]:
        try:
            with self._database.read() as session:
                found = [
                    *_counted(session, self._recent, self._connections),
                    *_figures(session, self._connections),
                ]
        except SQLAlchemyError as error:
            log.error("metrics_failed", error=type(error).__name__, said=said(error))
            found = []
        yield GaugeMetricFamily("wrapup_up", "1 where the database could be read", value=int(bool(found)))
        yield from found
        yield from _refused()
        # Not the database's: what waits because the database was away is wanted most while it is.
        waiting = spooled.waiting()
        if waiting is not None:
            yield GaugeMetricFamily("wrapup_spool_bytes", "Receipts that wait in this machine's spool", value=waiting)


def _refused() -> Iterator[Metric]:
    """Not the database's either."""
    try:
        counts = context().refused.counts()
    except OSError as error:
        log.error("refused_unreadable", error=type(error).__name__)
        return
    refused = CounterMetricFamily("wrapup_refused", "Requests that were refused, callbacks never", labels=("reason",))
    for reason, count in counts.items():
        refused.add_metric([reason], count)
    yield refused


PATIENCE = 3.0  # seconds for the first count of a process: whoever scrapes goes away after ten


def _counted(session: Session, recent: RecentCounts, connections: Mapping[str, Connection]) -> Iterator[Metric]:
    try:
        counted, since = recent.receipts(session, connections, PATIENCE)
        calls, age = recent.calls(connections, PATIENCE)
        delivered, before = recent.deliveries(PATIENCE)
    except NotYet:  # a figure that is not there is not zero; the next scrape has it
        return
    yield GaugeMetricFamily(
        "wrapup_counted_seconds_ago",
        "How long ago outcomes, undecided words, unread values, receipts that were read and deliveries were counted; 0: now",
        value=max(since, age, before),
    )
    receipts = GaugeMetricFamily("wrapup_receipts", "Receipts kept", labels=("connection", "source", "kind", "state"))
    for row in counted:
        receipts.add_metric([row["connection"], row["source"], row["kind"], row["state"]], row["receipts"])
    yield receipts
    outcomes = GaugeMetricFamily("wrapup_outcomes", "Outcomes, merged ones left out", labels=("connection", "settling"))
    for connection, settling, count in calls.settling:
        outcomes.add_metric([connection, settling], count)
    yield outcomes
    deliveries = GaugeMetricFamily("wrapup_deliveries", "Deliveries by state", labels=("destination", "state"))
    for name, own in sorted(delivered.items()):
        for state, count in own.states.items():
            deliveries.add_metric([name, state], count)
    yield deliveries
    yield from _undecided(calls, connections)
    yield _unread(calls)


def _figures(session: Session, connections: Mapping[str, Connection]) -> Iterator[Metric]:
    now = clock.now()
    oldest = health.oldest_pending(session)
    waited = max(0.0, (now - oldest).total_seconds()) if oldest else 0
    yield GaugeMetricFamily("wrapup_pending_age_seconds", "Age of the receipt that has waited longest", value=waited)

    labels = ("connection",)
    ages = GaugeMetricFamily("wrapup_callback_age_seconds", "Time since the last rightful callback", labels=labels)
    silent = GaugeMetricFamily("wrapup_callback_silent", "1 where more have stayed away than is usual", labels=labels)
    for name, age, is_silent in health.callback_ages(session, connections, now, spooled.waiting()):
        ages.add_metric([name], age)
        silent.add_metric([name], int(is_silent))
    yield ages
    yield silent

    position, epoch = session.execute(select(ChangeFeed.last_position, ChangeFeed.epoch)).one()
    yield GaugeMetricFamily(
        "wrapup_change_feed_position", "The last place given out in the change feed", value=position
    )
    yield GaugeMetricFamily("wrapup_change_feed_epoch", "Another one after a restore: readers begin again", value=epoch)

    quota = session.scalars(select(StrangerQuota)).one()
    for name, words, value in (
        ("receipts", "Receipts that strangers have in quarantine", quota.receipts),
        ("bytes", "Bytes that strangers have in quarantine", quota.bytes),
        ("overflow", "Receipts of strangers that were dropped", quota.overflow),
    ):
        yield GaugeMetricFamily(f"wrapup_stranger_{name}", words, value=value)
    dropped = GaugeMetricFamily(
        "wrapup_stranger_dropped", "The same by the connection that they were for", labels=("connection",)
    )
    for share in strangers.shares(session, connections):
        dropped.add_metric([share["connection"] or UNKNOWN], share["dropped"])
    yield dropped

    misaddressed = GaugeMetricFamily(
        "wrapup_misaddressed_receipts",
        "Receipts with a token of ours that is not in force there",
        labels=("connection",),
    )
    for name, own in sorted(quarantine.misaddressed(session).items()):
        misaddressed.add_metric([name], own["receipts"])
    yield misaddressed

    yield from _sending(session)
    yield from _not_to_be_called(session, now)
    yield from _destinations(session, now)
    yield from _schedules(session, now)

    layers = ("connection", "report", "layer")
    failures = GaugeMetricFamily("wrapup_poll_failures", "Failures in a row", labels=layers)
    behind = GaugeMetricFamily(
        "wrapup_poll_behind_seconds", "Time since the report is complete to; +Inf: it was never read", labels=layers
    )
    for cursor in session.scalars(select(PollCursor).where(~BEGUN_HISTORY)):
        names = [cursor.connection, cursor.report, cursor.layer]
        failures.add_metric(names, cursor.failures)
        if cursor.idle_at is None:  # what has nothing to ask for is not behind
            to = cursor.complete_to
            behind.add_metric(names, inf if to is None else max(0.0, (now - to).total_seconds()))
    yield failures
    yield behind


def _sending(session: Session) -> Iterator[Metric]:
    unknown = GaugeMetricFamily("wrapup_leads_unknown", "Leads in doubt until somebody decides", labels=("connection",))
    parked = GaugeMetricFamily("wrapup_loads_parked", "Loads of which nothing is sent", labels=("connection",))
    for connection, desk in sorted(health.sending(session).items()):
        unknown.add_metric([connection], desk["unknown_leads"])
        parked.add_metric([connection], desk["parked_loads"])
    yield unknown
    yield parked


def _not_to_be_called(session: Session, now: datetime) -> Iterator[Metric]:
    waits = GaugeMetricFamily(
        "wrapup_suppressed_leads_by_hand", "Leads that a person has to take out at the dialer", labels=("connection",)
    )
    own = context()
    counts = take_outs.by_hand(session)
    for connection in sorted({*counts, *own.connections}):
        waits.add_metric([connection], counts.get(connection, 0))
    yield waits
    since = suppressions.waiting_since(session, now)
    late = max(0.0, (now - since).total_seconds()) if since else 0
    yield GaugeMetricFamily(
        "wrapup_suppressed_leads_overdue_seconds",
        "How long leads wait to be looked for in dialers, or taken out; 0: none does",
        value=late,
    )
    ages = GaugeMetricFamily(
        "wrapup_refusals_age_seconds",
        "Time since the CRM has said whom not to call; +Inf: never",
        labels=("destination",),
    )
    for one in suppressions.asked(session, steered.asked_whom_not_to_call()):
        if not one.is_over:
            ages.add_metric([one.name], inf if one.at is None else max(0.0, (now - one.at).total_seconds()))
    yield ages


def _destinations(session: Session, now: datetime) -> Iterator[Metric]:
    """Steps on indexes, however many deliveries there are."""
    labels = ("destination",)
    kinds = {name: one.kind for name, one in context().settings.destinations.items()}
    up = GaugeMetricFamily(
        "wrapup_destination_up",
        "1 where it is sent to; 0: paused, parked, failing, not started, other kind",
        labels=labels,
    )
    behind = GaugeMetricFamily(
        "wrapup_destination_behind", "Changes of calls that were not looked at yet, 100,000 at most", labels=labels
    )
    followed = set()
    for one in destinations.destinations(session, kinds, {}, 0.0, now):
        if one["state"] not in destinations.STILL:
            followed.add(one["name"])
        if one["state"] != destinations.NOT_CONFIGURED:
            up.add_metric([one["name"]], int(one["state"] == destinations.RUNNING))
        if one["behind"] is not None:
            behind.add_metric([one["name"]], one["behind"])
    oldest = GaugeMetricFamily(
        "wrapup_delivery_age_seconds", "Age of the oldest delivery to be sent or looked up; 0: none", labels=labels
    )
    for name, made in destinations.oldest_open(session, followed).items():
        oldest.add_metric([name], max(0.0, (now - made).total_seconds()) if made else 0)
    yield from (up, behind, oldest)


def _schedules(session: Session, now: datetime) -> Iterator[Metric]:
    """What became of the last day's moments, and what should have left by now."""
    sends = GaugeMetricFamily(
        "wrapup_scheduled_sends", "Sends that are open, or were settled within a day", labels=("state",)
    )
    for state, count in schedules.counts(session, now).items():
        sends.add_metric([state], count)
    yield sends
    since = schedules.overdue_since(session, now)
    age = max(0.0, (now - since).total_seconds()) if since else 0
    yield GaugeMetricFamily("wrapup_schedule_overdue_seconds", "How long something is due; 0: nothing is", value=age)
    yield GaugeMetricFamily(
        "wrapup_schedules_in_trouble",
        "Schedules whose latest moment failed, is in doubt, or was tried in vain",
        value=len(schedules.in_trouble(session)),
    )


def _unread(counted: OfCalls) -> Metric:
    unread = GaugeMetricFamily(
        "wrapup_unread_values", "Calls with a stated value that nobody can read", labels=("connection", "field")
    )
    for name, values in sorted(counted.unread.items()):
        for field, calls in values.items():
            unread.add_metric([name, field], calls)
    return unread


def _undecided(counted: OfCalls, connections: Mapping[str, Connection]) -> Iterator[Metric]:
    """What waits for somebody to decide what it means. Contacts and sales are no metrics: they would be 0 where they are not
    known."""
    found = counted.words
    words = GaugeMetricFamily(
        "wrapup_undecided_words", "Words that nobody has decided, at most fifty", labels=("connection", "field")
    )
    calls = GaugeMetricFamily(
        "wrapup_undecided_dispositions", "Calls whose disposition nobody has decided", labels=("connection",)
    )
    undisposed = counted.undecided
    for name in sorted({*found, *connections, *undisposed}):
        for field in undecided.FIELDS:
            words.add_metric([name, field], found.get(name, {}).get(field, 0))
        calls.add_metric([name], undisposed.get(name, 0))
    yield words
    yield calls

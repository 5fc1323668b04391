"""Figures of this moment about what comes in: receipts, callbacks, polls, strangers, and the change feed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import inf

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from models import ChangeFeed, StrangerQuota
from models.strangers import UNKNOWN
from queries import completeness, health, heard, quarantine, receipt_counts, strangers


def figures(
    session: Session, connections: Mapping[str, Connection], spooled: int | None, now: datetime
) -> Iterator[Metric]:
    oldest = receipt_counts.oldest_pending(session)
    words = (
        "Age of the receipt in the database that has waited longest to be understood, without those that were sent back to be "
        "read again; 0: no other waits there"
    )
    age = GaugeMetricFamily("wrapup_pending_age_seconds", words, labels=())
    if oldest is None or not clock.is_ahead(oldest, now):  # else nobody knows how long it has waited
        age.add_metric([], clock.waited(oldest, now))
    yield age
    yield from _heard(session, connections, spooled, now)
    position, epoch = session.execute(select(ChangeFeed.last_position, ChangeFeed.epoch)).one()
    yield GaugeMetricFamily(
        "wrapup_change_feed_position", "The last place given out in the change feed", value=position
    )
    yield GaugeMetricFamily("wrapup_change_feed_epoch", "Another one after a restore: readers begin again", value=epoch)
    yield from _strangers(session, connections)
    yield from _polls(session, connections, now)


def _heard(
    session: Session, connections: Mapping[str, Connection], spooled: int | None, now: datetime
) -> Iterator[Metric]:
    labels = ("connection",)
    ages = GaugeMetricFamily("wrapup_callback_age_seconds", "Time since the last rightful callback", labels=labels)
    silent = GaugeMetricFamily("wrapup_callback_silent", "1 where more have stayed away than is usual", labels=labels)
    for name, age, is_silent in heard.callback_ages(session, connections, now, spooled):
        ages.add_metric([name], age)
        silent.add_metric([name], int(is_silent))
    yield ages
    yield silent


def _strangers(session: Session, connections: Mapping[str, Connection]) -> Iterator[Metric]:
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
    found = {name: own["receipts"] for name, own in quarantine.misaddressed(session).items()}
    for name, count in sorted((dict.fromkeys(connections, 0) | found).items()):
        misaddressed.add_metric([name], count)
    yield misaddressed


def _polls(session: Session, connections: Mapping[str, Connection], now: datetime) -> Iterator[Metric]:
    """Of what the settings of today have polled: what nobody asks for any more would be behind for ever."""
    layers = ("connection", "report", "layer")
    failures = GaugeMetricFamily("wrapup_poll_failures", "Failures in a row", labels=layers)
    behind = GaugeMetricFamily(
        "wrapup_poll_behind_seconds", "Time since the report is complete to; +Inf: it was never read", labels=layers
    )
    for name, polls in health.poll_states(session, connections, now).items():
        reports = {one.report: one for one in completeness.of_reports(connections.get(name), polls)}
        for poll in polls:
            if poll["due_at"] is None:
                continue
            names = [name, poll["report"], poll["layer"]]
            failures.add_metric(names, poll["failures"])
            if not poll["idle"]:  # what has nothing to ask for is not behind
                to = completeness.layer_to(poll, reports[poll["report"]], now)
                behind.add_metric(names, inf if to is None else clock.waited(to, now))
    yield failures
    yield behind

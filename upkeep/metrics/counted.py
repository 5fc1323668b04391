"""Figures that are counted of all receipts, calls and deliveries: at ten million of them some moments old, and said so."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from dialers.base import Connection
from models.receipts import QUARANTINED
from outcomes import undecided
from queries.delivery_counts import Counts
from queries.recent_counts import NotYet, OfCalls, RecentCounts

PATIENCE = 3.0  # seconds for the first count of a process: whoever scrapes goes away after ten


def figures(
    session: Session, recent: RecentCounts, connections: Mapping[str, Connection], destinations: Mapping[str, str]
) -> Iterator[Metric]:
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
    quarantined = dict.fromkeys(connections, 0)
    for row in counted:
        receipts.add_metric([row["connection"], row["source"], row["kind"], row["state"]], row["receipts"])
        if row["state"] == QUARANTINED and row["connection"] in quarantined:
            quarantined[row["connection"]] += row["receipts"]
    yield receipts
    waits = GaugeMetricFamily(
        "wrapup_quarantined_receipts",
        "Receipts in quarantine that came with a right to, of the connections that are configured",
        labels=("connection",),
    )
    for name, count in sorted(quarantined.items()):
        waits.add_metric([name], count)
    yield waits
    outcomes = GaugeMetricFamily("wrapup_outcomes", "Outcomes, merged ones left out", labels=("connection", "settling"))
    for connection, settling, count in calls.settling:
        outcomes.add_metric([connection, settling], count)
    yield outcomes
    deliveries = GaugeMetricFamily(
        "wrapup_deliveries",
        "Deliveries by state; skipped: refused by nobody, since no record was found, the call was left out, or its person erased",
        labels=("destination", "state"),
    )
    for name, own in sorted((dict.fromkeys(destinations, Counts()) | delivered).items()):
        for state, count in own.told().items():
            deliveries.add_metric([name, state], count)
    yield deliveries
    yield from _undecided(calls, connections)
    yield _unread(calls)


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

"""Figures of this moment about what goes out: leads, numbers that must not be called, destinations, schedules."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from math import inf

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from queries import destination_states, health, schedules, suppressions, take_outs
from queries import destinations as shown
from upkeep.metrics import set_up


def figures(
    session: Session,
    connections: Mapping[str, Connection],
    destinations: Mapping[str, str],
    asked: Collection[str],
    now: datetime,
) -> Iterator[Metric]:
    yield from _sending(session, connections)
    yield from _not_to_be_called(session, connections, asked, now)
    yield from _destinations(session, destinations, now)
    yield from _schedules(session, now)


def _sending(session: Session, connections: Mapping[str, Connection]) -> Iterator[Metric]:
    unknown = GaugeMetricFamily("wrapup_leads_unknown", "Leads in doubt until somebody decides", labels=("connection",))
    parked = GaugeMetricFamily("wrapup_loads_parked", "Loads of which nothing is sent", labels=("connection",))
    desks = dict.fromkeys(set_up.senders(connections), health.NOTHING_SENT) | health.sending_states(session)
    for connection, desk in sorted(desks.items()):
        unknown.add_metric([connection], desk["unknown_leads"])
    for connection, loads in sorted(health.parked_loads(desks, connections).items()):
        parked.add_metric([connection], loads)
    yield unknown
    yield parked


def _not_to_be_called(
    session: Session, connections: Mapping[str, Connection], asked: Collection[str], now: datetime
) -> Iterator[Metric]:
    waits = GaugeMetricFamily(
        "wrapup_suppressed_leads_by_hand", "Leads that a person has to take out at the dialer", labels=("connection",)
    )
    for connection, count in sorted((dict.fromkeys(connections, 0) | take_outs.by_hand(session)).items()):
        waits.add_metric([connection], count)
    yield waits
    since = suppressions.waiting_since(session, now)
    late = clock.waited(since, now)
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
    for one in suppressions.destinations_asked(session, asked):
        if not one.is_over:
            ages.add_metric([one.name], inf if one.at is None else clock.waited(one.at, now))
    yield ages


def _destinations(session: Session, kinds: Mapping[str, str], now: datetime) -> Iterator[Metric]:
    """Steps on indexes, however many deliveries there are."""
    labels = ("destination",)
    up = GaugeMetricFamily(
        "wrapup_destination_up",
        "1 where it is sent to; 0: paused, parked, failing, not started, other kind",
        labels=labels,
    )
    behind = GaugeMetricFamily(
        "wrapup_destination_behind", "Changes of calls that were not looked at yet, 100,000 at most", labels=labels
    )
    followed = set()
    for one in shown.destinations(session, kinds, {}, 0.0, now):
        if one["state"] not in destination_states.STILL:
            followed.add(one["name"])
        if one["state"] != destination_states.NOT_CONFIGURED:
            up.add_metric([one["name"]], int(one["state"] == destination_states.RUNNING))
        if one["behind"] is not None:
            behind.add_metric([one["name"]], one["behind"])
    oldest = GaugeMetricFamily(
        "wrapup_delivery_age_seconds", "Age of the oldest delivery to be sent or looked up; 0: none", labels=labels
    )
    for name, made in shown.oldest_open(session, followed).items():
        oldest.add_metric([name], clock.waited(made, now))
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
    age = clock.waited(since, now)
    yield GaugeMetricFamily("wrapup_schedule_overdue_seconds", "How long something is due; 0: nothing is", value=age)
    yield GaugeMetricFamily(
        "wrapup_schedules_in_trouble",
        "Schedules whose latest moment failed, is in doubt, or was tried in vain",
        value=len(schedules.in_trouble(session)),
    )

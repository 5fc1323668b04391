"""What is wrong when: the one table from which Prometheus's rules are written, and by which the worker judges without Prometheus.

A condition is about one figure of ``upkeep.metrics``. Beside each stands its twin: the figure is missing although there should be
one, so that nobody takes silence for health.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from upkeep.alerts.forms import BYTES, NUMBER, SPAN, Form, ago
from upkeep.metrics.names import ASKED, BEATS, CHANNELS, CONNECTIONS, DESTINATIONS, HEARD, LEADS, POLLED

CRITICAL, WARNING = "critical", "warning"
SEVERITIES = (CRITICAL, WARNING)
ABOVE, BELOW, IS, GROWS = ">", "<", "==", "grows"
JOB = "wrapup"

MISSING_FOR = timedelta(minutes=15)  # a large table is counted some minutes after a start
SEEN = timedelta(days=1)  # within which a figure was there that is missed only where it ever was
KEEPS = timedelta(minutes=2)  # an alert ends when it has been well for so long: what flaps is told once
_LONG = "poll .*|send .*|deliver to .*|whom not to call at .*|mirror|schedules: .*|alerts: .*|build indexes"


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True)
class Condition:
    """``metric`` of the series that have the labels ``only`` and none that ``but`` (patterns) match is ABOVE, BELOW or IS
    ``bound``, or GROWS by more than it within ``over``, for as long as ``lasts``. ``of``: the labels that part one alert from
    the other, and stand in ``sentence`` beside ``{value}``, which ``form`` writes. ``todo``: what comes first. ``needs``: of
    ``wrapup_set_up``, what there must be for the figure to be missed; ``shown_by``: another figure that is there whenever this
    one can be judged; ``unless``: a figure that says, above 0, why this one cannot be there; ``seen``: it is missed where it was
    there within a day, and nowhere else. ``of_machine``: needs no database, and is judged by each machine for itself. ``own``:
    whether the worker judges it as well."""

    name: str
    metric: str
    sign: str
    bound: float
    severity: str
    sentence: str
    todo: str
    lasts: timedelta = _minutes(5)
    over: timedelta = _minutes(15)
    of: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)
    but: Mapping[str, str] = field(default_factory=dict)
    form: Form = NUMBER
    needs: str | None = None
    shown_by: str | None = None
    unless: str | None = None
    seen: bool = False
    of_machine: bool = False
    own: bool = True
    missing: str = ""

    @property
    def title(self) -> str:
        """Its heading in docs/alerts.md."""
        return self.name.replace("_", " ").capitalize()

    @property
    def alert(self) -> str:
        """Its name at Prometheus."""
        return "Wrapup" + "".join(word.capitalize() for word in self.name.split("_"))

    @property
    def watched(self) -> str:
        """The figure that is missed when it is not there."""
        return self.shown_by or self.metric

    @property
    def missing_sentence(self) -> str:
        return (
            self.missing or f"The figure {self.watched} is missing: nobody can say whether this is well: {self.title}."
        )

    def takes(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(name) == value for name, value in self.only.items()) and not any(
            re.fullmatch(pattern, labels.get(name, "")) for name, pattern in self.but.items()
        )

    def holds(self, value: float) -> bool:
        """Of a value, or of what it grew by."""
        if self.sign == IS:
            return value == self.bound
        return value < self.bound if self.sign == BELOW else value > self.bound

    def said(self, labels: Mapping[str, str], value: float) -> str:
        return self.sentence.format(**{name: labels.get(name, "") for name in self.of}, value=self.form.text(value))


CONDITIONS = (
    Condition(
        "unreachable",
        "up",
        IS,
        0,
        CRITICAL,
        "Prometheus cannot scrape {instance}: Wrapup does not run there, or its reader does not answer.",
        "Look whether wrapup.service runs and /healthz answers.",
        lasts=_minutes(1),
        of=("instance",),
        only={"job": JOB},
        of_machine=True,
        own=False,
        missing=f"Prometheus has no target of the job {JOB}: nobody watches Wrapup.",
    ),
    Condition(
        "database_away",
        "wrapup_up",
        IS,
        0,
        CRITICAL,
        "Wrapup cannot read its database; callbacks go into the spool, and nothing else goes on.",
        "Look whether the database runs, and for database_unavailable in the log.",
        lasts=_minutes(1),
        of_machine=True,
    ),
    Condition(
        "callbacks_spooled",
        "wrapup_spool_bytes",
        ABOVE,
        0,
        CRITICAL,
        "{value} of callbacks wait in the spool, since the database does not take them.",
        "Look whether the database can be written to: /readyz, and store_fails in the log.",
        lasts=_minutes(1),
        form=BYTES,
        of_machine=True,
    ),
    Condition(
        "disk_nearly_full",
        "wrapup_disk_free_bytes",
        BELOW,
        2**30,
        CRITICAL,
        "Only {value} are left on the disk of the data folder.",
        "Make room: without it callbacks that the database does not take are lost.",
        lasts=_minutes(1),
        form=BYTES,
        of_machine=True,
    ),
    Condition(
        "backup_old",
        "wrapup_backup_age_seconds",
        ABOVE,
        129_600,
        CRITICAL,
        "The last whole backup of this machine was made {value} ago.",
        "Look at the log of wrapup-backup.service, and make one by hand: wrapup backup.",
        form=SPAN,
        seen=True,
        of_machine=True,
        missing="Nobody knows any more when this machine made its last backup.",
    ),
    Condition(
        "worker_away",
        "wrapup_worker_beat_age_seconds",
        ABOVE,
        60,
        CRITICAL,
        "No worker has been at work for {value}: callbacks are kept, and not understood, polled or passed on.",
        "Look whether wrapup.service, or wrapup-worker.service, runs.",
        lasts=_minutes(1),
        only={"loop": BEATS},
        form=SPAN,
        missing="No worker is at work: none was ever started, or each was stopped.",
    ),
    Condition(
        "loop_stuck",
        "wrapup_worker_beat_age_seconds",
        ABOVE,
        600,
        WARNING,
        "The loop {loop} of the worker has not gone round for {value}.",
        "Look for its name in the log; starting the worker again loses nothing.",
        of=("loop",),
        but={"loop": f"{BEATS}|{_LONG}"},
        form=SPAN,
    ),
    Condition(
        "receipts_wait",
        "wrapup_pending_age_seconds",
        ABOVE,
        60,
        CRITICAL,
        "The oldest receipt has waited for {value} to be understood; what is shown lacks what waits.",
        "Look whether the worker runs, and whether the machine has a processor to spare.",
        lasts=_minutes(3),
        form=SPAN,
    ),
    Condition(
        "quarantine_grows",
        "wrapup_quarantined_receipts",
        GROWS,
        0,
        WARNING,
        "Receipts of {connection} that have gone into quarantine within 15 minutes: at least {value}.",
        "Read one of them on the page of the quarantine, which says what to do about its reason.",
        lasts=_minutes(0),
        of=("connection",),
        needs=CONNECTIONS,
    ),
    Condition(
        "misaddressed",
        "wrapup_misaddressed_receipts",
        ABOVE,
        0,
        WARNING,
        "Receipts for {connection} that came with a token that is not in force there: {value}.",
        "Give the dialer the URL of today, then replay them.",
        of=("connection",),
        needs=CONNECTIONS,
    ),
    Condition(
        "strangers_dropped",
        "wrapup_stranger_overflow",
        GROWS,
        0,
        WARNING,
        "Receipts of strangers that were dropped within 15 minutes: {value}.",
        "Look whether one of them is a dialer of yours with an outdated token.",
        lasts=_minutes(0),
    ),
    Condition(
        "many_refused",
        "wrapup_refused_total",
        GROWS,
        1000,
        WARNING,
        "{value} requests were refused within 15 minutes ({reason}).",
        "The log has some of their addresses.",
        lasts=_minutes(0),
        of=("reason",),
        of_machine=True,
    ),
    Condition(
        "values_unread",
        "wrapup_unread_values",
        ABOVE,
        0,
        WARNING,
        "Calls of {connection} with something in {field} that nobody can read: {value}.",
        "The page of the connection has samples.",
        lasts=_minutes(15),
        of=("connection", "field"),
        shown_by="wrapup_counted_seconds_ago",
    ),
    Condition(
        "polls_fail",
        "wrapup_poll_failures",
        ABOVE,
        3,
        WARNING,
        "The report {report} ({layer}) of {connection} has failed {value} times in a row.",
        "The page of the connection has what the dialer said.",
        of=("connection", "report", "layer"),
        needs=POLLED,
    ),
    Condition(
        "polls_behind",
        "wrapup_poll_behind_seconds",
        ABOVE,
        7_200,
        WARNING,
        "The report {report} ({layer}) of {connection} {value}.",
        "The page of the connection says what stands in the way.",
        lasts=_minutes(15),
        of=("connection", "report", "layer"),
        form=ago("was never read to its end", "is complete only to {} ago"),
        needs=POLLED,
        shown_by="wrapup_poll_failures",
    ),
    Condition(
        "callbacks_silent",
        "wrapup_callback_silent",
        IS,
        1,
        WARNING,
        "No callback of {connection} has come for longer than is usual at these hours.",
        "Ask the dialer; look at the callback URLs that it has.",
        of=("connection",),
        needs=HEARD,
        unless="wrapup_spool_bytes",  # what seems to stay away may wait there
    ),
    Condition(
        "leads_in_doubt",
        "wrapup_leads_unknown",
        ABOVE,
        0,
        WARNING,
        "Leads for {connection} of which nobody can tell whether the dialer took them: {value}.",
        "Look at the dialer, and decide: wrapup leads decide, or the page of the load.",
        of=("connection",),
        needs=LEADS,
    ),
    Condition(
        "loads_parked",
        "wrapup_loads_parked",
        ABOVE,
        0,
        WARNING,
        "Loads for {connection} that are parked, since the dialer refuses the credentials: {value}.",
        "Mend the credentials, then resume the load.",
        of=("connection",),
        needs=LEADS,
    ),
    Condition(
        "suppressed_leads_wait",
        "wrapup_suppressed_leads_overdue_seconds",
        ABOVE,
        300,
        CRITICAL,
        "For {value} nobody has looked for leads whose numbers must not be called, or taken them out of a dialer.",
        "Look whether the worker runs, and whether the connection is still in the settings.",
        form=SPAN,
    ),
    Condition(
        "suppressed_leads_by_hand",
        "wrapup_suppressed_leads_by_hand",
        ABOVE,
        0,
        WARNING,
        "Leads in the dialer of {connection} that must not be called: {value}.",
        "Take them out there by hand; the page of suppressions lists them.",
        of=("connection",),
        needs=CONNECTIONS,
    ),
    Condition(
        "refusals_old",
        "wrapup_refusals_age_seconds",
        ABOVE,
        3_600,
        WARNING,
        "The CRM behind {destination} {value}.",
        "The page of suppressions says why. What it said before holds.",
        of=("destination",),
        form=ago("has never said whom not to call", "has last said {} ago whom not to call"),
        needs=ASKED,
    ),
    Condition(
        "destination_down",
        "wrapup_destination_up",
        IS,
        0,
        WARNING,
        "Nothing is written to {destination}: it is paused, parked, failing or not started.",
        "Its page says which, and why.",
        lasts=_minutes(15),
        of=("destination",),
        needs=DESTINATIONS,
    ),
    Condition(
        "destination_behind",
        "wrapup_destination_behind",
        ABOVE,
        1_000,
        WARNING,
        "{value} changes of calls have not been looked at for {destination}.",
        "Look whether the worker runs; after a backlog wait a while.",
        lasts=_minutes(15),
        of=("destination",),
        needs=DESTINATIONS,
        shown_by="wrapup_destination_up",
    ),
    Condition(
        "deliveries_wait",
        "wrapup_delivery_age_seconds",
        ABOVE,
        3_600,
        WARNING,
        "The oldest delivery to {destination} has waited for {value}.",
        "The page of the destination says what stands in the way.",
        of=("destination",),
        form=SPAN,
        needs=DESTINATIONS,
        shown_by="wrapup_destination_up",
    ),
    Condition(
        "deliveries_held",
        "wrapup_deliveries",
        GROWS,
        0,
        WARNING,
        "Deliveries to {destination} that have come to wait for a person within an hour: at least {value}.",
        "Say whom the calls belong to, on the page of what is held.",
        lasts=_minutes(0),
        over=_minutes(60),
        of=("destination",),
        only={"state": "held"},
        needs=DESTINATIONS,
    ),
    Condition(
        "deliveries_refused",
        "wrapup_deliveries",
        GROWS,
        0,
        WARNING,
        "Deliveries to {destination} that were refused within an hour: at least {value}.",
        "Read what the CRM says, mend it there or in the settings, and have them tried again.",
        lasts=_minutes(0),
        over=_minutes(60),
        of=("destination",),
        only={"state": "refused"},
        needs=DESTINATIONS,
    ),
    Condition(
        "schedules_overdue",
        "wrapup_schedule_overdue_seconds",
        ABOVE,
        300,
        WARNING,
        "A schedule has been due for {value}, and nothing has left.",
        "Look whether the worker runs, and what the mail server or the bucket says.",
        form=SPAN,
    ),
    Condition(
        "schedules_in_trouble",
        "wrapup_schedules_in_trouble",
        ABOVE,
        0,
        WARNING,
        "Schedules that failed, are in doubt, or were tried in vain: {value}.",
        "The first page says which, and why.",
    ),
    Condition(
        "alerts_untold",
        "wrapup_alert_untold_seconds",
        ABOVE,
        900,
        WARNING,
        "Alerts have waited for {value} to be told by {channel}.",
        "Look at the mail server or the webhook that [alerts] names, and for alert_not_told in the log.",
        of=("channel",),
        form=SPAN,
        needs=CHANNELS,
    ),
)
NAMED = {one.name: one for one in CONDITIONS}

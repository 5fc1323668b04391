"""The table ``[retention]`` of the settings file: for how long each kind is kept."""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dialers.base import Connection
from dialers.registry import DIALERS
from models.audit import KEPT_DAYS
from models.retention import AUDIT, DELIVERIES, KINDS, LOADS, OUTCOMES, RECEIPTS
from polling.tasks import FARTHEST, tasks
from service.settings import tables
from service.settings.mistakes import BadSettings
from upkeep.retention.ages import Ages, days

_AGE = re.compile(r"([1-9][0-9]{0,2}) months?")
_WORDS = 'Must be whole months, such as "13 months".'

RetentionSchema = Schema.from_dict(
    {kind: fields.Str(validate=validate.Regexp(f"{_AGE.pattern}$", error=_WORDS)) for kind in KINDS},
    name="RetentionSchema",
)


def retention_of(file: Mapping[str, Any], connections: Mapping[str, Connection]) -> Ages:
    """Raises BadSettings."""
    given = tables.read("[retention]", RetentionSchema(unknown=RAISE), file.get("retention", {}))
    ages = Ages({kind: int(age.partition(" ")[0]) for kind, age in given.items()})
    for said in (*_contradictions(ages), *_too_short(ages, connections)):
        raise BadSettings(f"[retention] {said}")
    return ages


def _contradictions(ages: Ages) -> Iterator[str]:
    receipts = ages.months.get(RECEIPTS)
    for kind, why in (
        (OUTCOMES, "what is left of a call would make it again"),
        (DELIVERIES, "a call that may still change would be sent to a CRM a second time"),
    ):
        if kind in ages.months and (receipts is None or ages.months[kind] < receipts):
            kept = "for ever" if receipts is None else f"for {receipts} months"
            yield f"{kind} must be kept at least as long as receipts, which are kept {kept}: else {why}."
    if AUDIT in ages.months and days(ages.months[AUDIT]) < KEPT_DAYS:
        shortest = _at_least(timedelta(days=KEPT_DAYS - 1))
        yield f"audit must be kept for at least {shortest}: the databases let nobody delete notes of the last {KEPT_DAYS} days."


def _at_least(reach: timedelta) -> str:
    count = next(count for count in itertools.count(1) if timedelta(days=days(count)) > reach)
    return f'"{count} month{"s" if count > 1 else ""}"'


def _too_short(ages: Ages, connections: Mapping[str, Connection]) -> Iterator[str]:
    for kind in (RECEIPTS, OUTCOMES, LOADS):
        if kind not in ages.months:
            continue
        reaches = [(*one, name) for name, connection in sorted(connections.items()) for one in _reaches(connection)]
        reach, what, name = max(reaches, default=(timedelta(0), "", ""), key=itemgetter(0))
        if timedelta(days=days(ages.months[kind])) <= reach:
            yield (
                f"{kind} must be kept for longer than {reach.days + 1} days: so far back {name} {what}, and what was deleted "
                f"would come again as new. Say at least {_at_least(reach)}."
            )


def _reaches(connection: Connection) -> Iterator[tuple[timedelta, str]]:
    """How far back a connection may still tell something of a call."""
    yield connection.disposition_window, "waits for dispositions (disposition_window)"
    dialer = DIALERS[connection.dialer]
    asked = tasks(connection, dialer)
    for task in asked:
        if task.span is not None:
            yield task.span, f"is asked for {task.report.name}"
    if asked:
        yield FARTHEST, "may be asked for calls whose end was not told"

"""The destinations of the settings file: a table each. As strict as ``config``."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from crm import lead_status
from crm.base import Crm
from crm.destination import FINAL, HOLD, NUMBER, REFERENCE, SETTLED, SKIP, Destination, Rule
from crm.registry import CRMS
from dialers.vocabulary import CONNECT_OUTCOMES, FLAGS
from lib import clock, phone
from service.settings import guards
from service.settings.connections import NAME
from service.settings.mistakes import BadSettings, sentence

KINDS = tuple(name for name in CRMS if name != lead_status.CRM.name)  # that one has tables of its own: ``writeback``
_KINDS = ("flag", "disposition")
_ONLY_FROM = "only_from"
_DAY = "Must be a day such as 2026-11-01, or a time with its zone such as 2026-11-01T08:00:00Z."


class DestinationSchema(Schema):
    """What every destination may say; the rest belongs to its kind."""

    class Meta:
        unknown = EXCLUDE

    kind = fields.Str(required=True, validate=validate.OneOf(KINDS))
    connections = fields.List(fields.Str(), load_default=list)
    campaigns = fields.List(fields.Str(), load_default=list)
    flags = fields.List(fields.Str(validate=validate.OneOf(FLAGS)), load_default=list)
    connect_outcomes = fields.List(fields.Str(validate=validate.OneOf(CONNECT_OUTCOMES)), load_default=list)
    when = fields.Str(load_default=SETTLED, validate=validate.OneOf((FINAL, SETTLED)))
    since = fields.Raw(load_default=None)
    log_calls = fields.Bool(load_default=True, truthy={True}, falsy={False})
    find_by = fields.List(
        fields.Str(validate=validate.OneOf((REFERENCE, NUMBER))),
        load_default=[REFERENCE, NUMBER],
        validate=validate.Length(min=1),
    )
    own_numbers = fields.List(fields.Str(), load_default=list)
    not_found = fields.Str(load_default=HOLD, validate=validate.OneOf((HOLD, SKIP)))
    owners = fields.Dict(keys=fields.Str(), values=fields.Str(), load_default=dict)
    status = fields.Dict(keys=fields.Str(), values=fields.Dict(keys=fields.Str()), load_default=dict)
    never_back = fields.Dict(keys=fields.Str(), values=fields.List(fields.Str()), load_default=dict)


def destinations_of(file: dict[str, Any], connections: Collection[str]) -> dict[str, Destination]:
    """By name. Raises BadSettings."""
    tables = file.get("destinations", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise BadSettings(
            "[destinations] must hold a table for each destination, such as [destinations.sales-hubspot]."
        )
    return {name: _destination(name, table, connections) for name, table in tables.items()}


def _destination(name: str, table: dict[str, Any], connections: Collection[str]) -> Destination:
    where = f"[destinations.{name}]"
    if not NAME.fullmatch(name):
        raise BadSettings(f"{where}: a name may hold letters, digits, - and _ only, 64 at most.")
    crm: Crm | None = None
    try:
        common = DestinationSchema().load(table)
        crm = CRMS[common["kind"]]
        own = crm.settings(unknown=RAISE).load(
            {key: value for key, value in table.items() if key not in DestinationSchema._declared_fields}
        )
    except ValidationError as error:
        keys = {*DestinationSchema._declared_fields, *(crm.settings._declared_fields if crm else ())}
        raise BadSettings(f"{where} {sentence(error.messages, keys)}") from None
    for wanted in common["connections"]:
        if wanted not in connections:
            raise BadSettings(f"{where} connections: There is no connection {wanted}.")
    if common["status"] and crm.records is None:
        raise BadSettings(f"{where} status: A destination of the kind {crm.name} has no records to set a status of.")
    guards.check_issued(where, own)
    lists: dict[str, Any] = {
        key: tuple(common[key]) for key in ("connections", "campaigns", "flags", "connect_outcomes", "find_by")
    }
    return Destination(
        name=name,
        kind=crm.name,
        settings=own,
        when=common["when"],
        since=_since(where, common["since"]),
        log_calls=common["log_calls"],
        own_numbers=frozenset(_number(where, one) for one in common["own_numbers"]),
        not_found=common["not_found"],
        owners=common["owners"],
        status=tuple(_rule(f"[destinations.{name}.status]", key, given) for key, given in common["status"].items()),
        never_back={key: tuple(values) for key, values in common["never_back"].items()},
        **lists,
    )


def _since(where: str, given: object) -> datetime | None:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given) if len(given) > 10 else date.fromisoformat(given)
        except ValueError:
            raise BadSettings(f"{where} since: {_DAY}") from None
    if given is None:
        return None
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise BadSettings(f"{where} since: {_DAY}")
        if not clock.EARLIEST <= given < clock.LATEST:  # and there may be no such moment in UTC
            raise BadSettings(f"{where} since: {_DAY}")
        return given.astimezone(UTC)
    if isinstance(given, date):
        return datetime.combine(given, time(), UTC)
    raise BadSettings(f"{where} since: {_DAY}")


def _number(where: str, given: str) -> str:
    number = phone.e164(given)
    if number is None:
        raise BadSettings(f"{where} own_numbers: Not a number with its country's code, such as +911140001122.")
    return number


def _rule(where: str, key: str, given: Mapping[str, Any]) -> Rule:
    kind, colon, word = key.partition(":")
    if not colon:
        kind, word = "connect_outcome", key
        if word not in CONNECT_OUTCOMES:
            raise BadSettings(
                f"{where} {key}: Must be a connect outcome such as no_answer, flag:... or disposition:..."
            )
    elif kind not in _KINDS or (kind == "flag" and word not in FLAGS) or not word.strip():
        raise BadSettings(f"{where} {key}: Must be flag: and one of {', '.join(FLAGS)}, or disposition: and its words.")
    sets = {name: value for name, value in given.items() if name != _ONLY_FROM}
    only_from = given.get(_ONLY_FROM)
    if not sets or not all(isinstance(value, str) for value in sets.values()):
        raise BadSettings(f'{where} {key}: Must say what is set, such as {{ hs_lead_status = "CONNECTED" }}.')
    if only_from is not None and not (isinstance(only_from, list) and all(isinstance(one, str) for one in only_from)):
        raise BadSettings(f'{where} {key}: only_from must be a list of values, such as ["NEW", "OPEN"].')
    return Rule(kind, word, sets, None if only_from is None else tuple(only_from))

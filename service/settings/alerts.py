"""Whom alerts are told, and when: ``[alerts]`` of the settings file. As strict as ``config``."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from crm.given import is_signing_secret
from lib import zones
from lib.http.authorities import is_certificate_file
from lib.mail import Mail
from schedules.managing import ADDRESS
from service.settings import tables
from service.settings.mistakes import BadSettings
from upkeep.alerts.condition import Condition
from upkeep.alerts.conditions import CONDITIONS, NAMED
from upkeep.alerts.settings import EVERY_SECONDS, Alerts

SIGNED, SLACK = "signed", "slack"
_ADDRESS = validate.Regexp(ADDRESS.pattern + r"\Z", error="Not an address, such as ops@example.com.")
_TIME = validate.Regexp(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="Not a time of day, such as 07:30.")


def _is_zone(value: str) -> None:
    if not zones.known(value):
        raise ValidationError("Not a time zone, such as Europe/Kyiv.")


class AlertsSchema(Schema):
    class Meta:
        unknown = RAISE

    mail = fields.List(fields.Str(validate=_ADDRESS), load_default=list)
    webhook = fields.Url(load_default=None, schemes={"http", "https"}, require_tld=False)
    secrets = fields.List(fields.Str(validate=is_signing_secret), load_default=list)
    form = fields.Str(load_default=SIGNED, validate=validate.OneOf((SIGNED, SLACK)))
    ca_file = fields.Str(load_default=None, validate=is_certificate_file)
    heartbeat = fields.Url(load_default=None, schemes={"http", "https"}, require_tld=False)
    tz = fields.Str(load_default="UTC", validate=_is_zone)
    quiet_from = fields.Str(load_default=None, validate=_TIME)
    quiet_to = fields.Str(load_default=None, validate=_TIME)
    except_critical = fields.Bool(load_default=False, truthy={True}, falsy={False})
    digest = fields.Str(load_default=None, validate=_TIME)
    every_seconds = fields.Float(load_default=EVERY_SECONDS, validate=validate.Range(1, 300))
    conditions = fields.Dict(keys=fields.Str(validate=validate.OneOf(sorted(NAMED))), load_default=dict)


class ConditionSchema(Schema):
    """What is otherwise than in the table."""

    class Meta:
        unknown = RAISE

    bound = fields.Float(load_default=None)
    minutes = fields.Float(load_default=None, validate=validate.Range(0, 10_080))
    off = fields.Bool(load_default=False, truthy={True}, falsy={False})


def alerts_of(file: dict[str, Any], server: Mail | None, public_url: str) -> Alerts:
    """``server``: of ``[mail]``. Raises BadSettings."""
    where, table = "[alerts]", file.get("alerts", {})
    given = tables.read(where, AlertsSchema(), table, but=("conditions",))
    if given["mail"] and server is None:
        raise BadSettings(f"{where} mail: The settings have no [mail], the server that takes it.")
    if given["webhook"] and given["form"] == SIGNED and not given["secrets"]:
        raise BadSettings(f'{where} secrets: A webhook is signed with at least one, unless form = "{SLACK}".')
    quiet = (given["quiet_from"], given["quiet_to"])
    if (quiet[0] is None) != (quiet[1] is None) or (quiet[0] is not None and quiet[0] == quiet[1]):
        raise BadSettings(f"{where} quiet_from: Quiet hours have a beginning and another end: quiet_from and quiet_to.")
    return Alerts(
        server=server,
        to=tuple(given["mail"]),
        webhook=given["webhook"],
        secrets=tuple(given["secrets"]),
        slack=given["form"] == SLACK,
        ca_file=given["ca_file"],
        heartbeat=given["heartbeat"],
        tz=given["tz"],
        quiet=None if quiet[0] is None else (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])),
        except_critical=given["except_critical"],
        digest=time.fromisoformat(given["digest"]) if given["digest"] else None,
        every_seconds=given["every_seconds"],
        public_url=public_url,
        conditions=tuple(_conditions(given["conditions"])),
    )


def _conditions(given: Mapping[str, Any]) -> list[Condition]:
    """The table, with what the settings say otherwise."""
    found = []
    for one in CONDITIONS:
        own = tables.read(f"[alerts.conditions.{one.name}]", ConditionSchema(), given.get(one.name, {}))
        if own["off"]:
            continue
        bound = one.bound if own["bound"] is None else own["bound"]
        lasts = one.lasts if own["minutes"] is None else timedelta(minutes=own["minutes"])
        found.append(replace(one, bound=bound, lasts=lasts))
    return found

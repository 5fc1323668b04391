"""Statuses that are written back to dialers: a table for each connection that takes them. As strict as ``config``."""

from collections.abc import Mapping
from typing import Any

from crm import lead_status
from crm.destination import NUMBER, SKIP, Destination, Rule
from crm.lead_status.leads import STATUS
from dialers.base import Connection
from dialers.giving import SET_LEAD_STATUS
from dialers.registry import DIALERS
from dialers.vocabulary import FLAGS
from service.settings.mistakes import BadSettings

PREFIX = "writeback-"  # of the destination's name
LONGEST_STATUS = 200
_KINDS = ("flag", "disposition")


def writeback_of(file: dict[str, Any], connections: Mapping[str, Connection]) -> dict[str, Destination]:
    """The destinations that set statuses of leads, by name. Raises BadSettings."""
    tables = file.get("writeback", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise BadSettings("[writeback] must hold a table for each connection, such as [writeback.qvoice-main].")
    return {f"{PREFIX}{name}": _destination(name, table, connections) for name, table in tables.items()}


def _destination(name: str, table: dict[str, Any], connections: Mapping[str, Connection]) -> Destination:
    where = f"[writeback.{name}]"
    connection = connections.get(name)
    if connection is None:
        raise BadSettings(f"{where} belongs to no connection.")
    dialer = DIALERS[connection.dialer]
    if SET_LEAD_STATUS not in dialer.acts or dialer.leads is None or dialer.leads.listed is None:
        able = ", ".join(one.name for one in DIALERS.values() if SET_LEAD_STATUS in one.acts)
        raise BadSettings(f"{where} {connection.dialer} takes no statuses of leads; those that do: {able}.")
    return Destination(
        name=f"{PREFIX}{name}",
        kind=lead_status.CRM.name,
        settings={"connection": connection},
        log_calls=False,
        find_by=(NUMBER,),
        not_found=SKIP,
        status=tuple(_rule(where, key, status) for key, status in table.items()),
    )


def _rule(where: str, key: str, status: object) -> Rule:
    kind, colon, word = key.partition(":")
    if not colon or kind not in _KINDS:
        kind, word = "disposition", key
    if not word.strip() or (kind == "flag" and word not in FLAGS):
        raise BadSettings(f"{where} {key}: Must be a disposition's words, or flag: and one of {', '.join(FLAGS)}.")
    if not isinstance(status, str) or not 1 <= len(status) <= LONGEST_STATUS:
        raise BadSettings(f'{where} {key}: Must be a status by the dialer\'s own word, such as "failed".')
    return Rule(kind, word, {STATUS: status})

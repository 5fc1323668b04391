"""Fields that a status can be: what the account has, and which values they take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.bitrix24.api import Client, Row
from crm.values import parts

STAGE, CATEGORY = "stageId", "categoryId"
FIELDS, STATUSES = "crm.item.fields", "crm.status.list"
KEPT = 600.0  # seconds: an option that was added is known soon enough
YES_OR_NO = {"Y": "yes", "N": "no"}
# Bitrix24's own types that can be set, each written as it is read. What is not listed (files, money, records of others; times,
# which are read otherwise than they are written) cannot be.
TYPES = ("string", "text", "crm_status", "enumeration", "boolean", "user", "crm_category", "integer", "double", "url")


@dataclass(frozen=True)
class Field:
    """``options``: its values, where it takes no others, with what people call them; ``several``: at once."""

    name: str
    type: str
    several: bool = False
    options: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Stage:
    name: str
    category: str


def of(client: Client) -> Mapping[str, Field]:
    """All that can be set, by name. Raises ExchangeError."""
    return client.facts.get("fields", lambda: _asked(client), KEPT) or {}


def stages(client: Client) -> Mapping[str, Stage]:
    """Of all pipelines. Raises ExchangeError."""
    begin = client.kind.stages
    found: dict[str, Stage] = {}
    for row in _statuses(client):
        list_ = str(row.get("ENTITY_ID"))
        if begin is not None and (list_ == begin or list_.startswith(f"{begin}_")):
            category = list_.removeprefix(begin).removeprefix("_") or "0"
            found[str(row.get("STATUS_ID"))] = Stage(str(row.get("NAME")), category)
    return found


def _statuses(client: Client) -> Sequence[Row]:
    return client.facts.get("statuses", lambda: client.ask_list(STATUSES, {})[0], KEPT) or []


def _asked(client: Client) -> Mapping[str, Field]:
    said = client.ask(FIELDS, {"entityTypeId": client.kind.type_id})["result"]
    told = said.get("fields") if isinstance(said, Mapping) else None
    rows = told if isinstance(told, Mapping) else {}
    found = [_field(client, str(name), row) for name, row in rows.items() if isinstance(row, Mapping)]
    return {one.name: one for one in found if one is not None}


def _field(client: Client, name: str, row: Row) -> Field | None:
    type_ = str(row.get("type"))
    if type_ not in TYPES or row.get("isReadOnly") is True or row.get("isImmutable") is True:
        return None
    return Field(name, type_, row.get("isMultiple") is True, _options(client, name, type_, row))


def _options(client: Client, name: str, type_: str, row: Row) -> Mapping[str, str] | None:
    if name == STAGE and client.kind.stages is not None:
        return {id_: one.name for id_, one in stages(client).items()}
    if type_ == "crm_status":
        some = [one for one in _statuses(client) if one.get("ENTITY_ID") == row.get("statusType")]
        return {str(one.get("STATUS_ID")): str(one.get("NAME")) for one in some} or None
    if type_ == "boolean":
        return YES_OR_NO
    items: Any = row.get("items")
    if type_ != "enumeration" or not isinstance(items, list):
        return None
    return {str(one["ID"]): str(one.get("VALUE")) for one in items if isinstance(one, Mapping) and "ID" in one}


def lacking(field: Field, value: str) -> Sequence[str]:
    """The parts of a value that are none of the field's options."""
    if field.options is None or not value:
        return ()
    return [one for one in (parts(value) if field.several else [value]) if one not in field.options]


def written(known: Mapping[str, Field], values: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a change. Raises ValueError, with a sentence, where a value cannot stand in its field: Bitrix24 passes over
    what it does not know, and says nothing."""
    found: dict[str, Any] = {}
    for name, text in values.items():
        field = known.get(name)
        if field is None:
            raise ValueError(f"There is no field {name} that can be set.")
        if missing := lacking(field, text):
            raise ValueError(f"The field {name} has no option {', '.join(missing)}.")
        if text and field.type in ("integer", "user", "crm_category") and not text.lstrip("-").isdigit():
            raise ValueError(f"The field {name} takes a whole number.")
        found[name] = (parts(text) or "") if field.several else text
    return found

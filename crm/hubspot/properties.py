"""Properties of calls and contacts: what the account has, and the one that we need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.hubspot.api import CALLS, VERSION, Client, rows_of

ADDRESS = f"/crm/properties/{VERSION}"
GROUP = "call"  # HubSpot's own of calls, where nothing tells another
LIKE = "hs_call_title"  # our property stands where this one does


@dataclass(frozen=True)
class Property:
    """``options``: its values, where it takes no others."""

    name: str
    group: str
    unique: bool
    writable: bool
    options: frozenset[str] | None


def of(client: Client, kind: str) -> dict[str, Property]:
    """All of a kind of object, by name. Raises ExchangeError."""
    found = [_property(row) for row in rows_of(client.ask(f"{ADDRESS}/{kind}")) if row.get("name")]
    return {one.name: one for one in found}


def make(client: Client, known: Mapping[str, Property]) -> None:
    """Make our unique property of calls. Raises ExchangeError."""
    group = known[LIKE].group if LIKE in known else next((one.group for one in known.values() if one.group), GROUP)
    client.tell(
        f"{ADDRESS}/{CALLS}",
        {
            "name": client.unique,
            "label": "Wrapup outcome id",
            "description": "The call's outcome in Wrapup. Written by Wrapup, so that no call is logged twice.",
            "groupName": group,
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
            "formField": False,
        },
    )


def _property(row: Mapping[str, Any]) -> Property:
    options, meta = row.get("options"), row.get("modificationMetadata")
    fixed = row.get("type") == "enumeration" and isinstance(options, list) and not row.get("externalOptions")
    values = (
        {str(one.get("value")) for one in options if isinstance(one, Mapping)} if isinstance(options, list) else set()
    )
    read_only = isinstance(meta, Mapping) and meta.get("readOnlyValue") is True
    return Property(
        str(row["name"]),
        str(row.get("groupName") or ""),
        row.get("hasUniqueValue") is True,
        not read_only and row.get("calculated") is not True,
        frozenset(values) if fixed else None,
    )

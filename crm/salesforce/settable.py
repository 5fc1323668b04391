"""Fields of objects: what the org has, and how a text of the settings is written there.

developer.salesforce.com, "sObject Describe": each field has a type, says whether it can be updated, and which values it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.http_client import REFUSALS
from crm.salesforce.answers import Row
from crm.salesforce.api import Client

KEPT = 600.0  # seconds: an option that was added is known soon enough
NUMBERS = ("int", "double", "currency", "percent", "long")
PICKLIST, SEVERAL = "picklist", "multipicklist"


@dataclass(frozen=True)
class Field:
    """``values``: its options; None where it has none, and takes any."""

    name: str
    type: str
    writable: bool
    makeable: bool
    external: bool
    values: Sequence[str] | None


def of(client: Client, kind: str) -> Mapping[str, Field] | None:
    """The object's fields, as far as the app's user sees them; None where the org will not say. Raises Unavailable."""
    return client.facts.get(f"fields of {kind}", lambda: _asked(client, kind), KEPT)


def _asked(client: Client, kind: str) -> Mapping[str, Field] | None:
    try:
        said = client.ask(f"/sobjects/{kind}/describe")
    except REFUSALS:
        return None
    rows = said.get("fields") if isinstance(said, Mapping) else None
    return {str(row["name"]): _field(row) for row in rows or () if isinstance(row, Mapping) and row.get("name")} or None


def _field(row: Row) -> Field:
    options = row.get("picklistValues")
    listed = [one for one in options if isinstance(one, Mapping)] if isinstance(options, list) else []
    values = [str(one.get("value")) for one in listed if one.get("active") is not False]
    is_list = row.get("type") in (PICKLIST, SEVERAL)
    return Field(
        str(row["name"]),
        str(row.get("type")),
        row.get("updateable") is not False,
        row.get("createable") is not False,
        row.get("externalId") is True or row.get("idLookup") is True,
        values if is_list else None,
    )


def lacking(field: Field, value: str) -> list[str]:
    """The options in the value that the field does not have."""
    wanted = value.split(";") if field.type == SEVERAL else [value]
    return [one for one in wanted if one and field.values is not None and one not in field.values]


def written(known: Mapping[str, Field] | None, kind: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """As Salesforce takes them. Raises ValueError with a sentence."""
    return {name: _written(known, kind, name, value) for name, value in fields.items()}


def _written(known: Mapping[str, Field] | None, kind: str, name: str, value: str) -> Any:
    if known is None:
        return value or None
    field = known.get(name)
    if field is None:
        raise ValueError(f"{kind}s have no field {name} that the app's user sees.")
    if not field.writable:
        raise ValueError(f"The field {name} of {kind}s cannot be set by the app's user.")
    if missing := lacking(field, value):
        raise ValueError(f"The field {name} of {kind}s has no option {', '.join(missing)}.")
    if field.type == "boolean":
        if value not in ("true", "false", ""):
            raise ValueError(f"The field {name} of {kind}s is true or false, not {value}.")
        return value == "true"
    if field.type in NUMBERS and value:
        try:
            return int(value) if field.type in ("int", "long") else float(value)
        except ValueError:
            raise ValueError(f"The field {name} of {kind}s is a number, not {value}.") from None
    return value or None

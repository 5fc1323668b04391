"""Fields of a module: what the account has, and how a text of the settings is written there.

Zoho takes a field that a module does not have, and drops it without a word; so nothing is sent that is not in this list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.halving import WholeRefused
from crm.values import parts, truth
from crm.zoho import answers
from crm.zoho.api import VERSION, Client, Row

ADDRESS = f"{VERSION}/settings/fields"
KEPT = 600.0  # seconds: an option that was added is known soon enough
LENGTH = 64  # characters of our field; an outcome's id has 36


@dataclass(frozen=True)
class Field:
    """``options``: its values, where it takes no others, with what people call them. ``type`` is Zoho's word."""

    name: str
    type: str
    unique: bool = False
    writable: bool = True
    options: Mapping[str, str] | None = None


def _whole(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii():
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number") from None


def _record(text: str) -> dict[str, str]:
    return {"id": text}


# How a text is written, by Zoho's own types; what is not listed cannot be set.
WRITTEN: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        ("text", "textarea", "picklist", "phone", "email", "website", "date", "datetime", "bigint"), lambda text: text
    ),
    "integer": _whole,
    **dict.fromkeys(("double", "currency", "percent"), _number),
    "boolean": truth,
    **dict.fromkeys(("ownerlookup", "userlookup", "lookup"), _record),
    "multiselectpicklist": parts,
}
SEVERAL = "multiselectpicklist"


def of(client: Client, module: str) -> Mapping[str, Field]:
    """All of a module, by name. Raises ExchangeError."""
    return client.facts.get(f"fields {module}", lambda: read(client, module), KEPT) or {}


def read(client: Client, module: str) -> Mapping[str, Field]:
    """The same as they are now."""
    rows, _ = client.ask_list(ADDRESS, {"module": module}, name="fields")
    found = [_field(row) for row in rows if row.get("api_name")]
    return {one.name: one for one in found}


def make_unique(client: Client, name: str) -> None:
    """Make our field of calls. Zoho names it by its label. Raises ExchangeError."""
    label = name.replace("_", " ")
    field = {"field_label": label, "data_type": "text", "length": LENGTH, "unique": {"case_sensitive": False}}
    rows = client.tell("POST", ADDRESS, 1, {"fields": [field]}, {"module": "Calls"}, alone=True).get("fields")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and row.get("status") == "error":
            raise WholeRefused(answers.refused(row, client.secrets))


def _field(row: Row) -> Field:
    unique, listed, operations = (row.get(name) for name in ("unique", "pick_list_values", "operation_type"))
    type_ = str(row.get("data_type"))
    fixed = type_ in ("picklist", SEVERAL) and isinstance(listed, list) and bool(listed)
    forbidden = isinstance(operations, Mapping) and operations.get("api_update") is False
    return Field(
        str(row["api_name"]),
        type_,
        bool(unique),
        not forbidden and row.get("field_read_only") is not True and row.get("read_only") is not True,
        _options(listed) if fixed and isinstance(listed, list) else None,
    )


def _options(listed: Sequence[Any]) -> Mapping[str, str]:
    rows = [one for one in listed if isinstance(one, Mapping)]
    named = [(one.get("actual_value") or one.get("display_value"), one.get("display_value")) for one in rows]
    return {str(value): str(label or value) for value, label in named if value and one_of_ours(str(value))}


def one_of_ours(value: str) -> bool:
    """Whether a value can be set: what Zoho calls ``-None-`` is none."""
    return value != "-None-"


def lacking(field: Field, value: str) -> Sequence[str]:
    """The parts of a value that are none of the field's options."""
    if field.options is None or not value:
        return ()
    return [one for one in (parts(value) if field.type == SEVERAL else [value]) if one not in field.options]


def written(module: str, known: Mapping[str, Field], values: Mapping[str, str]) -> dict[str, Any]:
    """The values as they are sent. Raises ValueError, with a sentence, where one cannot stand in its field."""
    body: dict[str, Any] = {}
    for name, text in values.items():
        field = known.get(name)
        if field is None or field.type not in WRITTEN or not field.writable:
            raise ValueError(f"{module} have no field {name} that can be set.")
        if missing := lacking(field, text):
            raise ValueError(f"The field {name} of {module} has no option {', '.join(missing)}.")
        try:
            body[name] = WRITTEN[field.type](text) if text else [] if field.type == SEVERAL else None
        except ValueError as error:
            raise ValueError(f"The field {name} of {module} takes {error}.") from None
    return body


def text(value: Any) -> str:
    """What stands in a field, as settings have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(sorted(map(text, value)))
    if isinstance(value, Mapping):  # of a lookup: whom it is about
        return text(value.get("id", value.get("name")))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

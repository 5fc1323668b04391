"""Fields that a status can be: what Pipedrive has, and how a text of the settings is written there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.pipedrive.api import MOST_OF_A_PAGE, V1, V2, Client, Row, is_there
from crm.pipedrive.kinds import DEALS, LEADS, PERSONS
from crm.values import parts, truth

STAGE, PIPELINE, STATUS, LABELS = "stage_id", "pipeline_id", "status", "label_ids"
MOST_PAGES = 10
KEPT = 600.0  # seconds: an option that was added is known soon enough, and asking costs tokens
STAGES, LEAD_LABELS = f"{V2}/stages", f"{V1}/leadLabels"
STATUSES = ("open", "won", "lost")


@dataclass(frozen=True)
class Field:
    """``options``: its values, where it takes no others, with what people call them."""

    name: str
    type: str
    custom: bool = False
    options: Mapping[str, str] | None = None


def _whole(text: str) -> int:
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit():
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> int | float:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        raise ValueError("a number") from None


# How a text is written, by what kind of field it is; an empty one is null, and of several values none.
_WRITTEN: Mapping[str, Callable[[str], Any]] = {
    "text": lambda text: text,
    "whole": _whole,
    "number": _number,
    "truth": truth,
    "wholes": lambda text: [_whole(one) for one in parts(text)],
    "texts": parts,
}
# Pipedrive's own types -> ours; what is not listed (money, addresses, ranges) cannot be set.
TYPES = {
    **dict.fromkeys(("varchar", "varchar_auto", "text", "phone", "date", "time", "status"), "text"),
    **dict.fromkeys(("enum", "int", "user", "org", "people", "stage", "pipeline", "visible_to"), "whole"),
    **dict.fromkeys(("set",), "wholes"),
    **dict.fromkeys(("double",), "number"),
}
# Of Pipedrive's own fields, those that can be set.
OWN: Mapping[str, Mapping[str, str]] = {
    PERSONS: {LABELS: "wholes", "owner_id": "whole", "visible_to": "whole", "marketing_status": "text"},
    LEADS: {LABELS: "texts", "owner_id": "whole", "is_archived": "truth", "title": "text"},
    DEALS: {
        **{STAGE: "whole", PIPELINE: "whole", STATUS: "text", "lost_reason": "text", LABELS: "wholes"},
        **{"owner_id": "whole", "is_archived": "truth", "probability": "number", "title": "text"},
    },
}
_OPTIONS_AT = {LABELS: (LABELS, "label")}  # under which names the list of fields has the options of one


def of(client: Client) -> Mapping[str, Field]:
    """All that can be set, by name. Raises ExchangeError."""
    return client.facts.get("fields", lambda: _asked(client), KEPT) or {}


def _asked(client: Client) -> Mapping[str, Field]:
    kind = client.kind.name
    own = {name: Field(name, type_) for name, type_ in OWN[kind].items()}
    if kind == LEADS:
        rows, _ = client.ask_list(LEAD_LABELS)
        labels = {str(row["id"]): str(row.get("name")) for row in rows if row.get("id")}
        return own | {LABELS: Field(LABELS, "texts", options=labels)}
    address = f"{V2}/{kind.removesuffix('s')}Fields"
    rows = [row for page in client.pages(address, {"limit": str(MOST_OF_A_PAGE)}, MOST_PAGES) for row in page]
    custom = {one.name: one for one in map(_custom, rows) if one is not None}
    listed = {str(row.get("field_code")): _options(row) for row in rows}
    for name, names in _OPTIONS_AT.items():
        options = next((listed[one] for one in names if listed.get(one)), None)
        own[name] = Field(name, own[name].type, options=options)
    if kind == DEALS:
        own[STATUS] = Field(STATUS, "text", options={one: one for one in STATUSES})
    return custom | own


def _custom(row: Row) -> Field | None:
    if row.get("is_custom_field") is not True or row.get("field_type") not in TYPES:
        return None
    type_ = TYPES[str(row["field_type"])]
    fixed = row["field_type"] in ("enum", "set")
    return Field(str(row.get("field_code")), type_, True, _options(row) if fixed else None)


def _options(row: Row) -> Mapping[str, str] | None:
    found = row.get("options")
    if not isinstance(found, list):
        return None
    return {str(one["id"]): str(one.get("label")) for one in found if isinstance(one, Mapping) and "id" in one}


def stages(client: Client) -> Mapping[str, tuple[str, str]]:
    """Stage -> (its pipeline, what people call it). Raises ExchangeError."""
    return client.facts.get("stages", lambda: _asked_stages(client), KEPT) or {}


def _asked_stages(client: Client) -> Mapping[str, tuple[str, str]]:
    rows = [row for page in client.pages(STAGES, {"limit": str(MOST_OF_A_PAGE)}, MOST_PAGES) for row in page]
    return {str(row["id"]): (str(row.get("pipeline_id")), str(row.get("name"))) for row in rows if is_there(row)}


def lacking(field: Field, value: str) -> Sequence[str]:
    """The parts of a value that are none of the field's options."""
    if field.options is None or not value:
        return ()
    given = parts(value) if field.type in ("wholes", "texts") else [value]
    return [one for one in given if one not in field.options]


def written(known: Mapping[str, Field], values: Mapping[str, str]) -> dict[str, Any]:
    """The body of a change. Raises ValueError, with a sentence, where a value cannot stand in its field."""
    body: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, text in values.items():
        field = known.get(name)
        if field is None:
            raise ValueError(f"There is no field {name} that can be set.")
        if missing := lacking(field, text):
            raise ValueError(f"The field {name} has no option {', '.join(missing)}.")
        try:
            value = (
                [] if not text and field.type in ("wholes", "texts") else _WRITTEN[field.type](text) if text else None
            )
        except ValueError as error:
            raise ValueError(f"The field {name} takes {error}.") from None
        (custom if field.custom else body)[name] = value
    return body | ({"custom_fields": custom} if custom else {})

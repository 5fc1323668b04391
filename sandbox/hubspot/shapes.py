"""What HubSpot's requests look like in the date version 2026-09: members, types, and how many of each.

Written from the vendor's descriptions of calls, contacts, associations and properties. A check takes a value and where it stands,
and raises Wrong. What a value *means* in an account (an option, a property, a record) is not looked at here.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.shapes import Check, Wrong, filled, flag, listed, one_of, shaped, text, up_to, whole

MOST_INPUTS = 100
MOST_ASSOCIATIONS = 2_000
MOST_READ_ASSOCIATIONS = 1_000
MOST_GROUPS, MOST_FILTERS, MOST_FILTERS_IN_ALL = 5, 6, 18
MOST_CHARACTERS = 3_000  # of a search
MOST_FOUND_AT_ONCE = 200
MOST_FOUND = 10_000
OPERATORS = (
    *("BETWEEN", "CONTAINS_TOKEN", "EQ", "GT", "GTE", "HAS_PROPERTY", "IN", "LT", "LTE", "NEQ", "NOT_CONTAINS_TOKEN"),
    *("NOT_HAS_PROPERTY", "NOT_IN"),
)
CATEGORIES = ("HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "USER_DEFINED", "WORK")
TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    *("booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber", "radio"),
    *("select", "text", "textarea"),
)


def texts(value: Any, at: str) -> None:
    """Properties of a record: every value is a text, numbers too."""
    if not isinstance(value, dict):
        raise Wrong(f"{at} must be an object")
    for name, item in value.items():
        if not isinstance(item, str):
            raise Wrong(f"{at}.{name} must be a text")


def inputs(item: Check, most: int = MOST_INPUTS) -> Check:
    return shaped({"inputs": listed(item, most, 1)})


# Parts ------------------------------------------------------------------------------------------------------------------
_ID = shaped({"id": filled})
_SPEC = shaped({"associationCategory": one_of(*CATEGORIES), "associationTypeId": whole})
_ASSOCIATIONS = listed(shaped({"to": _ID, "types": listed(_SPEC, 100, 1)}))
_FILTER = shaped(
    {"propertyName": filled, "operator": one_of(*OPERATORS)}, {"value": text, "values": listed(text), "highValue": text}
)
_SEARCH = shaped(
    {
        "filterGroups": listed(shaped({"filters": listed(_FILTER, MOST_FILTERS, 1)}), MOST_GROUPS),
        "properties": listed(text),
        "limit": up_to(MOST_FOUND_AT_ONCE),
        "after": text,
        "sorts": listed(text),
    },
    {"query": text},
)


def search(value: Any, at: str) -> None:
    _SEARCH(value, at)
    filters = [one for group in value["filterGroups"] for one in group["filters"]]
    if len(filters) > MOST_FILTERS_IN_ALL:
        raise Wrong(f"{at} holds more than {MOST_FILTERS_IN_ALL} filters")
    for one in filters:
        needs = {"IN": "values", "NOT_IN": "values", "HAS_PROPERTY": None, "NOT_HAS_PROPERTY": None}
        need = needs.get(one["operator"], "value")
        if need and need not in one:
            raise Wrong(f"{at}: {one['operator']} needs {need}")
    after = value["after"] or "0"
    if not after.isdigit():
        raise Wrong(f"{at}.after must be a number")
    if int(after) + value["limit"] > MOST_FOUND:
        raise Wrong(f"{at}: after and limit go beyond the first {MOST_FOUND} results")


# What is sent to objects, by the end of the path -------------------------------------------------------------------------
_TRACE = {"objectWriteTraceId": filled}
OBJECTS: Mapping[str, Check] = {
    "create": inputs(shaped({"properties": texts, "associations": _ASSOCIATIONS}, _TRACE)),
    "update": inputs(shaped({"id": filled, "properties": texts}, {"idProperty": filled, **_TRACE})),
    "upsert": inputs(shaped({"id": filled, "properties": texts, "idProperty": filled}, _TRACE)),
    "archive": inputs(_ID),
    "read": shaped(
        {"inputs": listed(_ID, MOST_INPUTS, 1), "properties": listed(text), "propertiesWithHistory": listed(text)},
        {"idProperty": filled},
    ),
}
ONE: Check = shaped({"properties": texts})
ERASED: Check = shaped({"objectId": filled}, {"idProperty": filled})
NEW: Check = shaped({"properties": texts, "associations": _ASSOCIATIONS})

ASSOCIATIONS: Mapping[str, Check] = {
    "create": inputs(shaped({"from": _ID, "to": _ID, "types": listed(_SPEC, 100, 1)}), MOST_ASSOCIATIONS),
    "associate/default": inputs(shaped({"from": _ID, "to": _ID}), MOST_ASSOCIATIONS),
    "read": inputs(shaped({"id": filled}, {"after": text}), MOST_READ_ASSOCIATIONS),
    "archive": inputs(shaped({"from": _ID, "to": listed(_ID, None, 1)}), MOST_ASSOCIATIONS),
}
SPECS: Check = listed(_SPEC, 100, 1)

_OPTION = shaped({"label": filled, "value": filled, "displayOrder": whole, "hidden": flag}, {"description": text})
PROPERTY: Check = shaped(
    {"name": filled, "label": filled, "type": one_of(*TYPES), "fieldType": one_of(*FIELD_TYPES), "groupName": filled},
    {
        "options": listed(_OPTION),
        "description": text,
        "displayOrder": whole,
        "hasUniqueValue": flag,
        "hidden": flag,
        "formField": flag,
        "externalOptions": flag,
        "dataSensitivity": one_of("highly_sensitive", "non_sensitive", "sensitive"),
        "referencedObjectType": text,
        "calculationFormula": text,
    },
)
TOKEN: Check = shaped({"tokenKey": filled})

"""What Salesforce's requests look like, written from the vendor's description of collections and of Tasks.

What a value *means* in an org (a record, an option) is not looked at here.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.shapes import Check, Wrong, filled, flag, listed, shaped

MOST = 200
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_attributes = shaped({"type": filled})


def record(value: Any, at: str) -> None:
    if not isinstance(value, dict):
        raise Wrong(f"{at} must be an object")
    if "attributes" not in value:
        raise Wrong(f"{at}: some of the required attributes are not set [attributes]")
    _attributes(value["attributes"], f"{at}.attributes")
    for name, one in value.items():
        if name != "attributes" and isinstance(one, dict | list):
            raise Wrong(f"{at}.{name} must be a value")


COLLECTION: Check = shaped({"records": listed(record, MOST, 1)}, {"allOrNone": flag})


def is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.match(value) is not None


def fits(type_: str, value: Any) -> bool:
    """Whether a value may stand in a field of this type."""
    if value is None:
        return True
    if type_ in ("reference", "id"):
        return is_id(value)
    if type_ == "date":
        return isinstance(value, str) and _DATE.match(value) is not None
    if type_ == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool) if type_ == "boolean" else isinstance(value, str)


def removal(given: Mapping[str, str]) -> list[str]:
    """The ids of a DELETE. Raises Wrong."""
    if not {"ids"} <= set(given) <= {"ids", "allOrNone"} or given.get("allOrNone", "false") not in ("true", "false"):
        raise Wrong("the address must have ids, may have allOrNone, and nothing else")
    ids = given["ids"].split(",")
    if not 1 <= len(ids) <= MOST or not all(map(is_id, ids)):
        raise Wrong(f"ids must hold 1 to {MOST} ids")
    return ids

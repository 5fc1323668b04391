"""What Zoho's requests look like: bodies and parameters, written from the vendor's description of version 8 and its pages.

What a value *means* in an account (an option, a record, a user) is not looked at here.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.shapes import Check, Wrong, filled, flag, listed, one_of, or_null, shaped, text, whole

MOST = 100  # records of one request, and ids of one question
MOST_FIELDS = 50
MOST_OF_A_PAGE = 200
TRIGGERS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}\Z", re.ASCII)
_DURATION = re.compile(r"\d{2,}:[0-5]\d\Z", re.ASCII)
_PHONE = re.compile(r"[+]?[0-9\s().-]{3,50}\Z", re.ASCII)
LONGEST = {"ids": 1024, "fields": 1024, "criteria": 3000}
_ID = re.compile(r"\d{2,25}\Z", re.ASCII)


def time(value: Any, at: str) -> None:
    if not isinstance(value, str) or not _TIME.match(value):
        raise Wrong(f"{at} must be a time as yyyy-MM-ddTHH:mm:ss+HH:mm")


def duration(value: Any, at: str) -> None:
    if not isinstance(value, str) or not _DURATION.match(value):
        raise Wrong(f"{at} must be a duration as mm:ss")


def id_(value: Any, at: str) -> None:
    if not isinstance(value, str) or not _ID.match(value):
        raise Wrong(f"{at} must be an id, as a text")


def up_to(most: int) -> Check:
    def check(value: Any, at: str) -> None:
        filled(value, at)
        if len(value) > most:
            raise Wrong(f"{at} must have {most} characters at most")

    return check


def anything(value: Any, at: str) -> None:
    """Whose meaning is looked at later."""


_LOOKUP = shaped({"id": id_}, {"name": text})
CALL: Mapping[str, Check] = {
    "Subject": up_to(255),
    "Call_Type": one_of("Inbound", "Outbound", "Missed"),
    "Call_Start_Time": time,
    "Call_Duration": duration,
    "Call_Purpose": text,
    "Call_Result": or_null(text),
    "Description": up_to(32_000),
    "Dialled_Number": text,
    "Caller_ID": text,
    "Who_Id": or_null(_LOOKUP),
    "What_Id": or_null(_LOOKUP),
    "$se_module": one_of("Leads", "Accounts", "Deals"),
    "Owner": _LOOKUP,
}
KNOWN: Mapping[str, Mapping[str, Check]] = {"Calls": CALL, "Leads": {"Owner": _LOOKUP}, "Contacts": {"Owner": _LOOKUP}}


def records(module: str, verb: str) -> Check:
    """The body of a POST or a PUT. Fields that the module does not have are dropped, and are no mistake here."""

    def record(value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise Wrong(f"{at} must be an object")
        if verb == "PUT":
            id_(value.get("id"), f"{at}.id")
        for name, one in value.items():
            KNOWN[module].get(name, anything)(one, f"{at}.{name}")
        if value.get("What_Id") is not None and "$se_module" not in value:
            raise Wrong(f"{at}.$se_module must stand beside What_Id")

    return shaped({"data": listed(record, MOST, 1), "trigger": listed(one_of(*TRIGGERS))})


FIELDS: Check = shaped(
    {
        "fields": listed(
            shaped(
                {"field_label": filled, "data_type": filled},
                {"length": whole, "unique": shaped({"case_sensitive": flag})},
            ),
            5,
            1,
        )
    }
)

# Parameters of questions, by what is asked for.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "records": (
        "ids",
        "fields",
        "page",
        "per_page",
        "sort_by",
        "sort_order",
        "converted",
        "approved",
        "cvid",
        "page_token",
    ),
    "search": (
        "criteria",
        "phone",
        "email",
        "word",
        "fields",
        "page",
        "per_page",
        "converted",
        "approved",
        "type",
        "cvid",
    ),
    "delete": ("ids", "wf_trigger"),
    "fields": ("module", "type"),
    "users": ("type", "page", "per_page", "ids"),
    "org": (),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {"records": ("fields",), "delete": ("ids",), "fields": ("module",)}


def parameters(what: str, given: Mapping[str, str]) -> None:
    """Raises Wrong."""
    for name in REQUIRED.get(what, ()):
        if not given.get(name):
            raise Wrong(f"the parameter {name} is missing")
    for name, value in given.items():
        if name not in PARAMETERS[what]:
            raise Wrong(f"there is no parameter {name}")
        if len(value) > LONGEST.get(name, 1024):
            raise Wrong(f"{name} must have {LONGEST.get(name, 1024)} characters at most")
        if name == "phone" and not _PHONE.match(value):
            raise Wrong("phone must be a telephone number")
        if name == "ids" and not (value and len(value.split(",")) <= MOST and all(map(_ID.match, value.split(",")))):
            raise Wrong(f"ids must hold 1 to {MOST} ids")
        if name == "fields" and not (value and len(value.split(",")) <= MOST_FIELDS):
            raise Wrong(f"fields must hold 1 to {MOST_FIELDS}")
        if name in ("page", "per_page") and not (value.isdigit() and 1 <= int(value) <= MOST_OF_A_PAGE):
            raise Wrong(f"{name} must be 1 to {MOST_OF_A_PAGE}")
        if name == "wf_trigger" and value not in ("true", "false"):
            raise Wrong("wf_trigger must be true or false")
        if name == "sort_by" and value not in ("id", "Created_Time", "Modified_Time"):
            raise Wrong("sort_by must be id, Created_Time or Modified_Time")
    if what == "search" and sum(name in given for name in ("criteria", "phone", "email", "word")) != 1:
        raise Wrong("one of criteria, phone, email and word must be given")

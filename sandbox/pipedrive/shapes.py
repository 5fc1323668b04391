"""What Pipedrive's requests look like: bodies and parameters, written from the vendor's descriptions of both versions.

What a value *means* in an account (an option, a stage, a record) is not looked at here.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.shapes import Check, Wrong, filled, flag, listed, members, one_of, or_null, shaped, text, whole

OUTCOMES = ("connected", "no_answer", "left_message", "left_voicemail", "wrong_number", "busy")
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\Z", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII)


def naive(value: Any, at: str) -> None:
    if not isinstance(value, str) or not _NAIVE.match(value):
        raise Wrong(f"{at} must be a time as YYYY-MM-DD HH:MM:SS, in UTC")


def uuid(value: Any, at: str) -> None:
    if not isinstance(value, str) or not _UUID.match(value):
        raise Wrong(f"{at} must be a UUID")


def seconds(value: Any, at: str) -> None:
    if not isinstance(value, str) or not value.isdigit():
        raise Wrong(f"{at} must be a text of seconds")


def anything(value: Any, at: str) -> None:
    """Whose meaning is looked at later."""


def _number(value: Any, at: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Wrong(f"{at} must be a number")


_CALL_LOG = shaped(
    {"outcome": one_of(*OUTCOMES), "to_phone_number": filled, "start_time": naive, "end_time": naive},
    {
        "user_id": whole,
        "activity_id": whole,
        "subject": text,
        "duration": seconds,
        "from_phone_number": text,
        "person_id": whole,
        "org_id": whole,
        "deal_id": whole,
        "lead_id": uuid,
        "note": text,
    },
)


def call_log(value: Any, at: str) -> None:
    _CALL_LOG(value, at)
    if "deal_id" in value and "lead_id" in value:
        raise Wrong(f"{at}: a call log is associated with either a deal or a lead")
    if value["end_time"] < value["start_time"]:
        raise Wrong(f"{at}: end_time is before start_time")


ACTIVITY: Check = shaped(
    {},
    {
        "subject": text,
        "type": text,
        "owner_id": whole,
        "deal_id": whole,
        "lead_id": uuid,
        "person_id": whole,
        "org_id": whole,
        "due_date": text,
        "due_time": text,
        "duration": text,
        "busy": flag,
        "done": flag,
        "note": text,
    },
)
CHANGES: Mapping[str, Check] = {
    "persons": shaped(
        {},
        {
            "name": text,
            "owner_id": whole,
            "org_id": whole,
            "visible_to": whole,
            "label_ids": listed(whole),
            "marketing_status": one_of("no_consent", "unsubscribed", "subscribed", "archived"),
            "custom_fields": members,
        },
    ),
    "deals": shaped(
        {},
        {
            "title": text,
            "owner_id": whole,
            "person_id": whole,
            "pipeline_id": whole,
            "stage_id": whole,
            "value": _number,
            "currency": text,
            "is_archived": flag,
            "status": one_of("open", "won", "lost"),
            "probability": or_null(_number),
            "lost_reason": or_null(text),
            "visible_to": whole,
            "label_ids": listed(whole),
            "custom_fields": members,
        },
    ),
    "leads": shaped(
        {},
        {
            "title": or_null(text),
            "owner_id": whole,
            "label_ids": listed(uuid),
            "person_id": or_null(whole),
            "is_archived": flag,
            "was_seen": flag,
        },
    ),
}

# Parameters of questions, by the end of their addresses.
_PAGE = ("limit", "cursor", "sort_by", "sort_direction")
_RECORDS = (
    "filter_id",
    "ids",
    "owner_id",
    "org_id",
    "updated_since",
    "updated_until",
    "include_fields",
    "custom_fields",
)
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "/api/v1/users/me": (),
    "/api/v1/users": (),
    "/api/v1/callLogs": ("start", "limit"),
    "/api/v1/leads": (
        "start",
        "limit",
        "owner_id",
        "person_id",
        "organization_id",
        "filter_id",
        "updated_since",
        "sort",
    ),
    "/api/v1/leadLabels": (),
    "/api/v2/activities": (*_PAGE, *_RECORDS, "deal_id", "lead_id", "person_id", "done"),
    "/api/v2/persons": (*_PAGE, *_RECORDS, "deal_id"),
    "/api/v2/deals": (*_PAGE, *_RECORDS, "person_id", "pipeline_id", "stage_id", "status"),
    "/api/v2/persons/search": ("term", "fields", "exact_match", "organization_id", "include_fields", "limit", "cursor"),
    "/api/v2/deals/search": ("term", "fields", "exact_match", "person_id", "status", "limit", "cursor"),
    "/api/v2/personFields": ("include_fields", "limit", "cursor"),
    "/api/v2/dealFields": ("include_fields", "limit", "cursor"),
    "/api/v2/stages": (*_PAGE, "pipeline_id"),
    "/api/v2/pipelines": _PAGE,
}
MOST: Mapping[str, int] = {"/api/v1/callLogs": 50}  # of a page; 500 elsewhere
MOST_IDS = 100


def parameters(path: str, given: Mapping[str, str]) -> None:
    """Raises Wrong."""
    known = PARAMETERS.get(path, ())
    for name, value in given.items():
        if name not in known:
            raise Wrong(f"there is no parameter {name}")
        if name == "limit" and not (value.isdigit() and 1 <= int(value) <= MOST.get(path, 500)):
            raise Wrong(f"limit must be 1 to {MOST.get(path, 500)}")
        if name == "ids" and not (value and len(value.split(",")) <= MOST_IDS):
            raise Wrong(f"ids must hold 1 to {MOST_IDS}")
        if name == "custom_fields" and len(value.split(",")) > 15:
            raise Wrong("custom_fields must hold 15 at most")
    if path.endswith("/search") and len(given.get("term", "")) < 2:
        raise Wrong("term must have two characters at least")

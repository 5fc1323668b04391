"""The properties of calls and contacts: which there are, what they take, and how HubSpot writes what it took."""

import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# The account's dispositions; their ids differ from account to account, these are the common ones.
DISPOSITIONS = {
    "Busy": "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "Connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "Left live message": "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",
    "Left voicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "No answer": "73a0d17f-1163-4015-bdd5-ec830791da20",
    "Wrong number": "17b47fee-58de-441e-a44c-c6300d46f273",
}
LEAD_STATUSES = (
    *("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING"),
)
CALL_STATUSES = (
    *(
        "BUSY",
        "CALLING_CRM_USER",
        "CANCELED",
        "COMPLETED",
        "CONNECTING",
        "FAILED",
        "IN_PROGRESS",
        "MISSED",
        "NO_ANSWER",
    ),
    *("QUEUED", "RINGING"),
)
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "other")
LONGEST = 65_536
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MILLISECONDS = re.compile(r"\d{10,14}")


@dataclass(frozen=True)
class Property:
    """``options``: value -> label, of an enumeration."""

    name: str
    type: str = "string"
    label: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    unique: bool = False
    read_only: bool = False
    ours: bool = False  # made by a request, not HubSpot's own
    more: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        kinds = {"enumeration": "select", "datetime": "date", "number": "number"}
        options = [
            {"label": label, "value": value, "displayOrder": place, "hidden": False}
            for place, (value, label) in enumerate(self.options.items())
        ]
        return {
            "name": self.name,
            "label": self.label or self.name,
            "type": self.type,
            "fieldType": kinds.get(self.type, "text"),
            "description": "",
            "groupName": "sandbox",
            "options": options,
            "hasUniqueValue": self.unique,
            "hubspotDefined": not self.ours,
            "archived": False,
            "modificationMetadata": {
                "archivable": self.ours,
                "readOnlyDefinition": not self.ours,
                "readOnlyValue": self.read_only,
            },
        } | dict(self.more)


def _all(names: str, **more: Any) -> list[Property]:
    return [Property(name, **more) for name in names.split()]


def of_calls() -> list[Property]:
    return [
        *_all(
            "hs_call_title hs_call_body hs_call_from_number hs_call_to_number hs_call_recording_url hs_activity_type"
        ),
        *_all("hs_call_source hs_call_app_id hs_call_external_id hs_call_external_account_id hs_call_callee_object_id"),
        *_all("hs_call_callee_object_type_id hs_call_location hubspot_owner_id"),
        *_all("hs_call_duration", type="number"),
        *_all("hs_timestamp", type="datetime"),
        *_all("hs_createdate hs_lastmodifieddate", type="datetime", read_only=True),
        *_all("hs_object_id", type="number", read_only=True),
        Property("hs_call_direction", "enumeration", options={"INBOUND": "Inbound", "OUTBOUND": "Outbound"}),
        Property("hs_call_status", "enumeration", options={one: one.title() for one in CALL_STATUSES}),
        Property("hs_call_disposition", "enumeration", options={value: name for name, value in DISPOSITIONS.items()}),
    ]


def of_contacts() -> list[Property]:
    return [
        *_all("firstname lastname company jobtitle hubspot_owner_id city country notes_last_contacted"),
        *_all("phone mobilephone", type="phone_number"),
        *_all("hs_searchable_calculated_phone_number hs_searchable_calculated_mobile_number", read_only=True),
        *_all("hs_merged_object_ids", read_only=True),
        *_all("createdate lastmodifieddate", type="datetime", read_only=True),
        *_all("hs_object_id", type="number", read_only=True),
        Property("email", unique=True),
        Property("hs_lead_status", "enumeration", "Lead Status", {one: one.title() for one in LEAD_STATUSES}),
        Property("lifecyclestage", "enumeration", "Lifecycle Stage", {one: one.title() for one in STAGES}),
    ]


class Properties:
    """Those of one type of object. ``owners`` are the ids that an owner's property takes."""

    def __init__(self, found: Iterable[Property], owners: Collection[str]):
        self._found = {one.name: one for one in found}
        self._owners = owners
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def all(self) -> list[Property]:
        with self._lock:
            return list(self._found.values())

    def get(self, name: str) -> Property | None:
        return self._found.get(name)

    def add(self, new: Property) -> bool:
        """Whether it was not there."""
        with self._lock:
            if new.name in self._found:
                return False
            self._found[new.name] = new
            return True

    def unique(self) -> list[str]:
        return [one.name for one in self.all() if one.unique]

    def read(self, given: Mapping[str, str]) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """(the values as HubSpot keeps them, what is wrong with the others in its own words)."""
        kept, faults = {}, []
        for name, value in given.items():
            found = self._found.get(name)
            error, why = ("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist') if found is None else ("", "")
            if found is not None:
                value, error, why = self._value(found, value)
            if error:
                faults.append({"isValid": False, "message": why, "error": error, "name": name})
            kept[name] = value
        return kept, faults

    def _value(self, found: Property, value: str) -> tuple[str, str, str]:
        """(as it is kept, the error or nothing, its sentence)."""
        if found.read_only:
            return value, "READ_ONLY_VALUE", f"{found.name} is a read only property"
        if value == "":
            return value, "", ""
        if found.name == "hubspot_owner_id" and value not in self._owners:
            return value, "INVALID_OWNER_ID", f"{value} is not a valid owner"
        if found.name == "hs_call_recording_url" and not value.startswith("https://"):
            return value, "INVALID_URL", "The recording must have an https address"
        return _READERS.get(found.type, _text)(found, value)


def _text(found: Property, value: str) -> tuple[str, str, str]:
    if len(value.encode("utf-16-le", "replace")) // 2 > LONGEST:  # as Java counts
        return value, "PROPERTY_VALUE_TOO_LONG", f"{found.name} is longer than {LONGEST} characters"
    return value, "", ""


def _option(found: Property, value: str) -> tuple[str, str, str]:
    if value in found.options:
        return value, "", ""
    return value, "INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(found.options)}]"


def _number(found: Property, value: str) -> tuple[str, str, str]:
    return (
        (value, "", "") if _NUMBER.fullmatch(value) else (value, "INVALID_DOUBLE", f"{value} was not a valid number.")
    )


def _time(found: Property, value: str) -> tuple[str, str, str]:
    """Milliseconds, or ISO 8601 with its zone; kept in UTC, with a fraction where it is not zero."""
    try:
        if _MILLISECONDS.fullmatch(value):
            moment = datetime.fromtimestamp(int(value) / 1000, UTC)
        else:
            moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return value, "INVALID_LONG", f"{value} was not a valid long."
    if moment.tzinfo is None:
        return value, "INVALID_LONG", f"{value} has no zone."
    return written(moment), "", ""


_READERS: Mapping[str, Callable[[Property, str], tuple[str, str, str]]] = {
    "enumeration": _option,
    "number": _number,
    "datetime": _time,
}


def written(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond >= 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def made(given: Mapping[str, Any]) -> Property | str:
    """The property of a request that makes one, or why it cannot be made."""
    if not _NAME.fullmatch(given["name"]):
        return "a property's name has small letters, digits and underscores, and begins with a letter"
    if given["type"] == "enumeration" and not given.get("options"):
        return "an enumeration needs options"
    if given.get("hasUniqueValue") and given["type"] not in ("string", "number"):
        return "only texts and numbers can be unique"
    return Property(
        given["name"],
        given["type"],
        given["label"],
        {one["value"]: one["label"] for one in given.get("options", ())},
        unique=given.get("hasUniqueValue", False),
        ours=True,
        more={name: given[name] for name in ("fieldType", "groupName", "description") if name in given},
    )

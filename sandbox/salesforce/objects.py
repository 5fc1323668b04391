"""What objects the org has, and their fields: as a describe tells them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PREFIXES = {"Contact": "003", "Lead": "00Q", "Account": "001", "Opportunity": "006", "Task": "00T", "User": "005"}
STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass
class Field:
    """``options``: where it is a picklist. What can be written when a record is made, and when it is changed."""

    name: str
    type: str = "string"
    options: Sequence[str] = ()
    makeable: bool = True
    writable: bool = True
    external: bool = False
    longest: int | None = None

    def shown(self) -> dict[str, Any]:
        options = [{"value": one, "label": one, "active": True, "defaultValue": False} for one in self.options]
        return {
            "name": self.name,
            "label": self.name,
            "type": self.type,
            "length": self.longest or 0,
            "createable": self.makeable,
            "updateable": self.writable,
            "externalId": self.external,
            "idLookup": self.external,
            "custom": self.name.endswith("__c"),
            "picklistValues": options,
            "restrictedPicklist": False,
        }


@dataclass
class Object:
    name: str
    fields: dict[str, Field] = field(default_factory=dict)


def _told(name: str, type_: str = "string") -> Field:
    """One that nobody sets."""
    return Field(name, type_, makeable=False, writable=False)


def _object(name: str, *fields: Field, phones: Sequence[str] = ()) -> Object:
    own = [_told("Id", "id"), Field("OwnerId", "reference"), *fields]
    own += [Field(one, "phone") for one in phones]
    return Object(name, {one.name: one for one in own})


def objects() -> dict[str, Object]:
    name = _told("Name")
    people = (name, Field("FirstName"), Field("LastName"), Field("Email", "email"), Field("DoNotCall", "boolean"))
    found = (
        _object("Contact", *people, phones=("Phone", "MobilePhone", "HomePhone", "OtherPhone")),
        _object(
            "Lead",
            *people,
            Field("Status", "picklist", STATUSES),
            _told("IsConverted", "boolean"),
            _told("ConvertedContactId", "reference"),
            phones=("Phone", "MobilePhone"),
        ),
        _object("Account", Field("Name"), Field("Type", "picklist", ("Prospect", "Customer")), phones=("Phone",)),
        _object("Opportunity", Field("Name"), Field("StageName", "picklist", ("Prospecting", "Closed Won"))),
        _object(
            "Task",
            Field("Subject", "combobox", longest=255),
            Field("TaskSubtype", "picklist", ("Task", "Call", "Email"), writable=False),
            Field("Status", "picklist", ("Not Started", "In Progress", "Completed")),
            Field("Priority", "picklist", ("High", "Normal", "Low")),
            Field("ActivityDate", "date"),
            Field("WhoId", "reference"),
            Field("WhatId", "reference"),
            Field("CallType", "picklist", ("Internal", "Inbound", "Outbound")),
            Field("CallDurationInSeconds", "int"),
            Field("CallDisposition", longest=255),
            Field("CallObject", longest=255),
            Field("Description", "textarea", longest=32_000),
        ),
        _object("User", Field("Email", "email"), Field("Name"), Field("IsActive", "boolean")),
        Object("Organization", {one: _told(one) for one in ("Id", "Name", "TimeZoneSidKey")}),
    )
    return {one.name: one for one in found}


def made_id(kind: str, number: int) -> str:
    """Of eighteen characters: the last three tell which of the others are capitals."""
    plain = f"{PREFIXES[kind]}{number:012d}"
    parts = (plain[at : at + 5] for at in (0, 5, 10))
    return plain + "".join(_UPPER[sum(one.isupper() << place for place, one in enumerate(part))] for part in parts)

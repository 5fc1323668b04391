"""Ids of records: fifteen characters in which capitals count, or these and three more for whoever cannot tell capitals. The first
three say of which object the record is."""

import re
from collections.abc import Iterable

CONTACT, LEAD, ACCOUNT, OPPORTUNITY = "Contact", "Lead", "Account", "Opportunity"
OBJECTS = {"003": CONTACT, "00Q": LEAD, "001": ACCOUNT, "006": OPPORTUNITY}
PEOPLE = (CONTACT, LEAD)
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z", re.ASCII)


def is_id(text: str) -> bool:
    """Whether it is the id of a record on which calls can stand."""
    return _ID.match(text) is not None and text[:3] in OBJECTS


def key(id_: str | None) -> str:
    """By which two ways of writing one id are told to be the same; an empty text for none."""
    return (id_ or "")[:15]


def by_object(ids: Iterable[str]) -> dict[str, list[str]]:
    """Those that are ids, once each, by their objects."""
    found: dict[str, list[str]] = {}
    for one in {key(id_): id_ for id_ in ids if is_id(id_)}.values():
        found.setdefault(OBJECTS[one[:3]], []).append(one)
    return found


def link(record_id: str) -> dict[str, str | None]:
    """What puts a Task on the record: people stand in one field, what they are about in another."""
    is_person = OBJECTS[record_id[:3]] in PEOPLE
    return {"WhoId": record_id if is_person else None, "WhatId": None if is_person else record_id}

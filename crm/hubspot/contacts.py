"""Contacts: found by an id, read and changed in batches. How they are found by number: ``searching``."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from crm.base import Change, Done, NotSetUp, Record, Refused, Result, Whom
from crm.destination import NUMBER
from crm.halving import WholeRefused, halved, waves, written
from crm.http_client import Unreadable
from crm.hubspot import answers, searching
from crm.hubspot.api import CONTACT_TYPE, CONTACTS, Client, errors, fields, objects, records
from crm.hubspot.batches import MOST, Input, Told, given

READ, UPDATE = objects(CONTACTS, "batch/read"), objects(CONTACTS, "batch/update")
NUMBERS = ("phone", "mobilephone")
SHOWN = ("firstname", "lastname", "email", *NUMBERS)
MERGED = "hs_merged_object_ids"  # of contacts that were merged into this one; they are still read by their ids
LONGEST_ID = 18  # digits; what is longer, or no number, is no id of HubSpot's


def find(client: Client, wanted: Sequence[Whom]) -> list[list[Record]]:
    """As of ``crm.base.Records``."""
    client.account()  # for addresses
    numbers = searching.found(client, list(dict.fromkeys(one.value for one in wanted if one.by == NUMBER)))
    property_ = client.settings["reference_property"]
    references = by_id(client, (one.value for one in wanted if one.by != NUMBER), SHOWN, property_)
    found = []
    for one in wanted:
        reference = references.get(one.value)
        rows = numbers[one.value] if one.by == NUMBER else [reference] if reference is not None else []
        found.append([_record(client, row) for row in rows])
    return found


def read(client: Client, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, str] | None]:
    """As of ``crm.base.Records``."""
    found = by_id(client, ids, names)
    rows = [(found.get(one), one) for one in ids]
    return [{name: fields(row).get(name, "") for name in names} if row is not None else None for row, _ in rows]


def change(client: Client, changes: Sequence[Change]) -> list[Result]:
    """As of ``crm.base.Records``."""
    results: dict[int, Result] = {}
    for wave in waves(changes, lambda one: one.record_id):
        inputs = [_input(changes[at]) for at in wave]
        results.update(
            zip(
                wave,
                written(inputs, MOST, lambda part: given(client, UPDATE, part, _told, partial(_done, client))),
                strict=True,
            )
        )
    return [results[at] for at in range(len(changes))]


def current(client: Client, ids: Iterable[str]) -> dict[str, str]:
    """The id of each contact now; another one where it was merged into another. Those that are gone are left out."""
    return {asked: str(row["id"]) for asked, row in by_id(client, ids, ()).items()}


def by_id(
    client: Client, ids: Iterable[str], names: Sequence[str], property_: str | None = None
) -> dict[str, Mapping[str, Any]]:
    """Contacts as HubSpot writes them, by what they were asked for with: their ids, or values of a unique property."""
    wanted = [one for one in dict.fromkeys(ids) if one and (property_ or _is_id(one))]
    shown = list(dict.fromkeys((*names, property_ or MERGED)))
    by = {"idProperty": property_} if property_ else {}

    def ask(part: Sequence[str]) -> list[Mapping[str, Any] | None]:
        body = {"inputs": [{"id": one} for one in part], "properties": shown, "propertiesWithHistory": [], **by}
        said = client.ask_list(READ, body)
        called = {name: row for row in records(said) for name in _called(row, property_)}
        missing = {_folded(name, property_) for error in errors(said) for name in answers.named(error)}
        found = []
        for one in part:
            name = _folded(one, property_)
            row = called.get(name)
            found.append(row if row or name in missing else _alone(client, one, shown, by))
        return found

    def alone(one: str, refused: Refused) -> None:
        if property_ and property_ in refused.answer:
            raise NotSetUp(f"HubSpot's contacts cannot be read by reference_property: {refused.answer}")

    rows = halved(wanted, MOST, ask, alone)
    return {one: row for one, row in zip(wanted, rows, strict=True) if row is not None}


def _alone(client: Client, one: str, shown: Sequence[str], by: Mapping[str, str]) -> Mapping[str, Any] | None:
    """A contact of which a batch's answer tells neither that it is there nor that it is not; None where it is not."""
    try:
        said = client.ask(objects(CONTACTS, quote(one, safe="")), params={"properties": list(shown), **by})
    except (WholeRefused, NotSetUp):
        return None
    if not isinstance(said, Mapping) or not said.get("id"):
        raise Unreadable(f"{client.host} answered a question about a contact without one.")
    return said


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def _called(row: Mapping[str, Any], property_: str | None) -> list[str]:
    """What the contact may have been asked for with."""
    if property_:
        return [_folded(fields(row).get(property_, ""), property_)]
    return [*fields(row).get(MERGED, "").split(";"), str(row["id"])]


def _folded(value: str, property_: str | None) -> str:
    return value.strip().casefold() if property_ else value


def _record(client: Client, row: Mapping[str, Any]) -> Record:
    said = fields(row)
    name = " ".join(said[one] for one in ("firstname", "lastname") if said.get(one)) or said.get("email")
    numbers = tuple(said[one] for one in NUMBERS if said.get(one))
    return Record(str(row["id"]), name or None, client.url(CONTACT_TYPE, str(row["id"])), numbers)


def _input(change_: Change) -> Input:
    body = {"id": change_.record_id, "objectWriteTraceId": change_.trace, "properties": dict(change_.fields)}
    return Input(body, frozenset({change_.trace, change_.record_id}))


def _told(said: Any) -> Told:
    return [({*_called(row, None), str(row.get("objectWriteTraceId") or "")}, row) for row in records(said)]


def _done(client: Client, one: Input, record: Mapping[str, Any]) -> Result:
    if record.get("archived") is True:
        return Refused("record_deleted", "The contact is archived.")
    said = fields(record)
    kept = [
        f"{name} is {said[name]}" for name, value in one.body["properties"].items() if said.get(name, value) != value
    ]
    there = str(record["id"])
    answer = f"HubSpot answers that {', '.join(kept)}." if kept else None
    return Done(there, client.url(CONTACT_TYPE, there), answer)

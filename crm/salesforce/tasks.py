"""Tasks: found by their ids or by our mark, and given to Salesforce in collections."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crm.base import Done, NotSetUp, Result, Unknown
from crm.halving import WholeRefused
from crm.salesforce import answers, ids
from crm.salesforce.answers import Row
from crm.salesforce.api import COLLECTION, MOST, Client
from crm.salesforce.contents import MARK, OURS, OWNER

TASK = "Task"
PLACE = ("WhoId", "WhatId")
MOST_WHOLE = 50  # Tasks of one answer that may have long words
NOT_TOLD = "Salesforce's answer does not tell of it."


def mark_field(client: Client) -> str:
    """Where our mark stands."""
    return client.unique or MARK


def by_id(client: Client, wanted: Iterable[str], whole: bool = False) -> dict[str, Row]:
    """Those that are there, by the keys of their ids, with their places; ``whole``: with all that we write. Raises
    ExchangeError."""
    rows = _asked(client, "Id", wanted, whole)
    return {ids.key(str(row["Id"])): row for row in rows if row.get("Id")}


def by_mark(client: Client, marks: Iterable[str], whole: bool = False) -> dict[str, Row]:
    """The same by their marks; of several the one with the least id. Raises ExchangeError."""
    name = mark_field(client)
    rows = _asked(client, name, marks, whole)
    found: dict[str, Row] = {}
    for row in sorted((row for row in rows if row.get("Id")), key=lambda row: str(row["Id"])):
        found.setdefault(str(row.get(name)), row)
    return found


def _asked(client: Client, field: str, values: Iterable[str], whole: bool) -> list[Row]:
    unwanted = client.settings["leave_out"]
    names = [name for name in (*OURS, OWNER) if name not in unwanted] if whole else []
    shown = ", ".join(["Id", *PLACE, mark_field(client), *names])
    with _known_fields(client):
        return client.among(f"SELECT {shown} FROM {TASK} WHERE {field} IN", values, MOST_WHOLE if whole else MOST)


@contextmanager
def _known_fields(client: Client) -> Iterator[None]:
    """Inside, a field that the org does not know is no call's fault: all have the same. Raises NotSetUp."""
    try:
        yield
    except WholeRefused as error:
        if answers.NO_FIELD not in error.refused.answer:
            raise
        todo = f"`wrapup crm check {client.name}` says of which; name those in leave_out that the org does without."
        raise NotSetUp(f"Tasks lack a field that is written there. {todo} Salesforce says: {error}") from None


def place(row: Row) -> str | None:
    """The record on which it stands; of a person and what it is about, the person."""
    found = row.get("WhoId") or row.get("WhatId")
    return str(found) if found else None


def logged(
    client: Client, verb: str, path: str, records: Sequence[Mapping[str, Any]], alone: bool = False
) -> list[Result]:
    """``given`` of Tasks. Raises NotSetUp where they lack a field."""
    with _known_fields(client):
        return given(client, verb, path, records, alone)


def given(
    client: Client, verb: str, path: str, records: Sequence[Mapping[str, Any]], alone: bool = False
) -> list[Result]:
    """Give Salesforce a collection; what came of each. Raises as ``Client.tell`` does."""
    results = client.tell(verb, COLLECTION + path, {"allOrNone": False, "records": list(records)}, alone=alone)
    return told(client, results, len(records))


def told(client: Client, results: Sequence[Row], count: int) -> list[Result]:
    """What an answer says of each of so many records. One that tells of another number of them tells of none."""
    if len(results) != count:
        return [Unknown(NOT_TOLD)] * count
    return [_result(client, one) for one in results]


def _result(client: Client, one: Row) -> Result:
    if one.get("success") is True and one.get("id"):
        return Done(str(one["id"]))
    errors = answers.listed(one.get("errors"))
    if one.get("success") is False and errors:
        return answers.of_record(errors, client.secrets)
    return Unknown(NOT_TOLD)

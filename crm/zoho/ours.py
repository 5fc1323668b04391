"""What is sent of a call, in an account's own words and fields, and where it is to stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.base import Call, NotSetUp
from crm.zoho import contents, metadata, rows
from crm.zoho.api import CALLS, CONTACTS, Client, Row
from crm.zoho.contents import CONTACT, DURATION, OTHER, OTHERS_MODULE, OWNER, RESULT, SECONDS, START, TEXT
from lib import clock

NOT_OURS = (
    "Zoho's calls have no unique field {0}. `wrapup crm check {1} --create-properties` makes it where the token allows that. "
    'Or set unique_field = "": the mark then stands in the description.'
)


@dataclass(frozen=True)
class Ours:
    """What is sent of a call, and where it is to stand. ``module``: of its record; None where there is none. ``seconds``: as
    they are known."""

    call: Call
    fields: Mapping[str, Any]
    module: str | None
    seconds: int | None

    def link(self) -> dict[str, Any]:
        record = {"id": self.call.record_id}
        if self.module == CONTACTS:
            return {CONTACT: record}
        return {OTHER: record, OTHERS_MODULE: self.module}

    def stands(self, row: Row) -> bool:
        """Whether it is on its record. Where that is gone, as after a merge, it stays where Zoho has put it."""
        there = {rows.id_of(row.get(name)) for name in (CONTACT, OTHER)}
        return self.call.record_id in there or (self.module is None and there != {None})


def of(client: Client, calls: Sequence[Call]) -> list[Ours]:
    """Raises NotSetUp where the account has no unique field of ours, and ExchangeError."""
    known = _fields(client)
    modules = rows.modules_of(client, (call.record_id for call in calls if call.record_id))
    return [_ours(client, call, known, modules.get(call.record_id)) for call in calls]


def _fields(client: Client) -> Mapping[str, metadata.Field]:
    known = metadata.of(client, CALLS)
    if client.unique is None or _is_unique(client, known):
        return known
    known = client.facts.get(f"fields {CALLS} again", lambda: metadata.read(client, CALLS), 60.0) or {}
    if not _is_unique(client, known):  # without it a call would be logged twice, and nobody would know
        raise NotSetUp(NOT_OURS.format(client.unique, client.name))
    return known


def _is_unique(client: Client, known: Mapping[str, metadata.Field]) -> bool:
    return client.unique is not None and client.unique in known and known[client.unique].unique


def _ours(client: Client, call: Call, known: Mapping[str, metadata.Field], module: str | None) -> Ours:
    said = contents.content(call)
    own = client.settings
    type_ = said["type"] or own["unknown_direction"]
    fields: dict[str, Any] = {**said["fields"], contents.TYPE: type_}
    if type_ != contents.MISSED:
        fields[DURATION] = contents.duration(said["seconds"], own["duration_format"])
    fields[TEXT] = said["text"] if client.unique else contents.marked(said["text"], call.mark)
    fields |= {name: value for name, value in said["numbers"].items() if name in known and known[name].writable}
    if result := _result(client, said["result"], known.get(RESULT)):
        fields[RESULT] = result
    if client.unique:
        fields[client.unique] = call.mark
    if owner := said["owner"] or (client.owner(said["owner_email"]) if said["owner_email"] else None):
        fields[OWNER] = {"id": owner}
    return Ours(call, fields, module, said["seconds"])


def _result(client: Client, said: Mapping[str, Sequence[str]], known: metadata.Field | None) -> str | None:
    """The account's own result; None where it has no fitting one."""
    if known is None or not known.writable:
        return None
    chosen = client.settings["results"]
    mapped = [chosen[key] for key in said["keys"] if key in chosen]
    if known.options is None:
        return next(iter(mapped or said["labels"]), None)
    listed = {name.strip().casefold(): value for value, label in known.options.items() for name in (label, value)}
    fitting = (listed.get(one.strip().casefold()) for one in (*mapped, *said["labels"]))
    return next((one for one in fitting if one), None)


def shown(client: Client) -> list[str]:
    """The fields that are read of a call: those without which nothing is known, and of the others those that there are."""
    own = (contents.SUBJECT, contents.TYPE, START, DURATION, TEXT, OWNER, CONTACT, OTHER)
    known = metadata.of(client, CALLS)
    others = (one for one in (SECONDS, RESULT, contents.TO, contents.FROM) if one in known)
    return [*own, *([client.unique] if client.unique else ()), *others]


def mark_of(client: Client, row: Row) -> str | None:
    if client.unique is None:
        return contents.mark_of(row.get(TEXT))
    found = row.get(client.unique)
    return str(found) if found else None


def alike(name: str, ours: Any, row: Row) -> bool:
    there = row.get(name)
    if name == START:
        return clock.parse(ours) == clock.parse(str(there or ""))
    if name == DURATION:
        return contents.seconds_of(ours) == contents.seconds_of(metadata.text(there))
    if name == OWNER:
        return rows.id_of(ours) == rows.id_of(there)
    return " ".join(str(ours).split()) == " ".join(metadata.text(there).split())

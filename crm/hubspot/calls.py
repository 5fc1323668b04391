"""Calls: logged under our own unique property, looked up by it, removed."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm.base import Again, Call, Done, NotSetUp, Refused, Result, Seen, Unknown
from crm.halving import WholeRefused, halved, waves, written
from crm.hubspot import answers, contacts, contents, placing
from crm.hubspot.api import CALL_TYPE, CALLS, Client, fields, objects, records
from crm.hubspot.batches import MOST, Input, Told, given
from lib import clock
from lib.http.errors import ExchangeError

UPSERT, READ, ARCHIVE = (objects(CALLS, f"batch/{what}") for what in ("upsert", "read", "archive"))
STILL_THERE = "HubSpot still shows the call."
_NO_PROPERTY = re.compile(r"non-unique|does not exist|doesn't exist", re.IGNORECASE)
_ANYTHING = dict.fromkeys(contents.OURS, "anything")
_TAGS = re.compile(r"<[^<>]*>")


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    results: dict[int, Result] = {}
    for wave in waves(calls, lambda one: one.mark):
        results.update(zip(wave, _logged(client, [calls[at] for at in wave]), strict=True))
    return [results[at] for at in range(len(calls))]


def _logged(client: Client, calls: Sequence[Call]) -> list[Result]:
    said = [_properties(client, call) for call in calls]
    there = _standing(client, calls, said)
    inputs = [
        _input(client, call, said[at] | _emptied(said[at], there.get(call.remote_id or "", {})))
        for at, call in enumerate(calls)
    ]
    new: set[str] = set()

    def done(one: Input, record: Mapping[str, Any]) -> Result:
        if record.get("new") is True:
            new.add(str(record["id"]))
        return Done(str(record["id"]))

    results = [_doubted(one) for one in written(inputs, MOST, lambda part: _upserted(client, part, done))]
    logged = {
        result.remote_id: at for at, result in enumerate(results) if isinstance(result, Done) and result.remote_id
    }
    wanted = {id_: calls[at].record_id for id_, at in logged.items()}
    try:
        places = placing.placed(client, wanted, {id_: set() for id_ in new})
    except ExchangeError as error:
        # They are logged, and where they stand is not known. Whoever only hears of the failure believes that nothing was sent.
        return [Unknown(str(error)) if isinstance(result, Done) else result for result in results]
    for id_, placed in places.items():
        results[logged[id_]] = _with_place(client, id_, placed)
    return results


Doing = Callable[[Input, Mapping[str, Any]], Result]


def _upserted(client: Client, part: Sequence[Input], done: Doing) -> list[Result]:
    """Raises NotSetUp where the account does not know our property as a unique one: no call is at fault."""
    try:
        results = given(client, UPSERT, part, lambda said: _told(client, said), done)
    except WholeRefused as error:
        _check_ours(client, error.refused)
        raise
    for result in results:
        if isinstance(result, Refused):
            _check_ours(client, result)
    return results


def _doubted(result: Result) -> Result:
    """A conflict under our mark is one with ourselves: a request that was given up has been at work all the same."""
    if isinstance(result, Refused) and result.reason == answers.CONFLICT:
        return Unknown(result.answer)
    return result


def _check_ours(client: Client, refused: Refused) -> None:
    if _is_about_ours(client, refused):
        raise NotSetUp(
            f"HubSpot's calls have no unique property {client.unique}. `wrapup crm check {client.name} --create-properties` "
            f"makes it where the access token allows it. HubSpot says: {refused.answer}"
        )


def _is_about_ours(client: Client, refused: Refused) -> bool:
    """Whether the account lacks our property, or has it and not as a unique one."""
    return client.unique in refused.answer and _NO_PROPERTY.search(refused.answer) is not None


def _with_place(client: Client, id_: str, placed: placing.Placed) -> Result:
    if isinstance(placed.result, Done):
        return Done(id_, client.url(CALL_TYPE, id_))
    if isinstance(placed.result, Refused) and placed.homeless:
        # Nobody would ever see it again, and the delivery ends here.
        try:
            removed = remove(client, [id_])[0]
        except ExchangeError:
            return Unknown(placed.result.answer)
        return placed.result if isinstance(removed, Done) else Unknown(placed.result.answer)
    return placed.result


def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``."""
    client.account()  # for addresses
    shown = [client.unique, *contents.OURS, contents.OWNER]

    def ask(part: Sequence[Call]) -> list[Mapping[str, Any] | None]:
        marks = [{"id": mark} for mark in dict.fromkeys(call.mark for call in part)]
        body = {"inputs": marks, "properties": shown, "propertiesWithHistory": [], "idProperty": client.unique}
        try:
            found = {fields(row).get(client.unique): row for row in records(client.ask_list(READ, body))}
        except WholeRefused as error:
            if not _is_about_ours(client, error.refused):
                raise
            found = {}  # nothing can have been logged under it
        return [found.get(call.mark) for call in part]

    rows = halved(calls, MOST, ask, lambda call, refused: None)
    places = placing.read(client, [str(row["id"]) for row in rows if row is not None])
    known = [(call, row) for call, row in zip(calls, rows, strict=True) if row is not None]
    moved = (call.record_id for call, row in known if places.get(str(row["id"]), {call.record_id}) != {call.record_id})
    now = contacts.current(client, moved)  # a contact may have been merged into the one where the call stands
    return [_seen(client, call, row, places, now) for call, row in zip(calls, rows, strict=True)]


def _seen(
    client: Client,
    call: Call,
    row: Mapping[str, Any] | None,
    places: Mapping[str, set[str]],
    now: Mapping[str, str],
) -> Seen | None:
    if row is None:
        return None
    id_, there = str(row["id"]), fields(row)
    ours = _properties(client, call)
    ours |= _emptied(ours, there)
    same = all(_alike(name, value, there.get(name, "")) for name, value in ours.items())
    return Seen(id_, same and places.get(id_) == {now.get(call.record_id, call.record_id)}, client.url(CALL_TYPE, id_))


def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    ids = list(dict.fromkeys(remote_ids))
    results = dict(zip(ids, written(ids, MOST, lambda part: _archived(client, part)), strict=True))
    return [results[id_] for id_ in remote_ids]


def _archived(client: Client, part: Sequence[str]) -> list[Result]:
    """An answer without content tells of none, so they are asked for: what is gone is gone, whoever took it away."""
    inputs = {"inputs": [{"id": id_} for id_ in part]}
    try:
        client.tell(ARCHIVE, inputs)
    except WholeRefused as error:
        if len(part) > 1 or error.refused.reason != "record_deleted":
            raise
    try:
        said = client.ask_list(READ, inputs | {"properties": [], "propertiesWithHistory": []})
    except WholeRefused as error:
        if len(part) > 1 or error.refused.reason != "record_deleted":
            raise
        return [Done(part[0])]
    there = {str(row["id"]) for row in records(said) if row.get("archived") is not True}
    return [Again(STILL_THERE) if id_ in there else Done(id_) for id_ in part]


# What is written --------------------------------------------------------------------------------------------------------
def _input(client: Client, call: Call, properties: Mapping[str, str]) -> Input:
    body = {
        "id": call.mark,
        "idProperty": client.unique,
        "objectWriteTraceId": call.trace,
        "properties": {client.unique: call.mark, **properties},
    }
    return Input(body, frozenset(filter(None, (call.trace, call.mark))))


def _told(client: Client, said: Any) -> Told:
    return [
        ({str(row.get("objectWriteTraceId") or ""), fields(row).get(client.unique, "")} - {""}, row)
        for row in records(said)
    ]


def _properties(client: Client, call: Call) -> dict[str, str]:
    said = contents.content(call)
    found: dict[str, str] = dict(said["properties"])
    if disposition := _disposition(client, said["disposition"]):
        found[contents.DISPOSITION] = disposition
    owner = said["owner"] or (client.owner(said["owner_email"]) if said["owner_email"] else None)
    return found | ({contents.OWNER: owner} if owner else {})


def _standing(client: Client, calls: Sequence[Call], said: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What stands in HubSpot of calls that were logged before and now say less than they might: id -> properties."""
    ids = [call.remote_id for call, one in zip(calls, said, strict=True) if call.remote_id and _emptied(one, _ANYTHING)]

    def ask(part: Sequence[str]) -> list[dict[str, str]]:
        inputs = [{"id": id_} for id_ in part]
        body = {"inputs": inputs, "properties": list(contents.OURS), "propertiesWithHistory": []}
        found = {str(row["id"]): fields(row) for row in records(client.ask_list(READ, body))}
        return [found.get(id_, _ANYTHING) for id_ in part]

    rows = halved(ids, MOST, ask, lambda id_, refused: {})
    return dict(zip(ids, rows, strict=True))


def _emptied(said: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """What the outcome no longer says, and stands there."""
    return {name: "" for name in contents.OURS if name not in said and there.get(name)}


def _disposition(client: Client, said: Mapping[str, Sequence[str]]) -> str | None:
    """The account's id of the disposition; None where it has no fitting one."""
    listed, chosen = client.dispositions(), client.settings["dispositions"]
    ids = set(listed.values())
    mapped = [chosen[key] for key in said["keys"] if key in chosen]
    fitting = (one if one in ids else listed.get(one.strip().casefold()) for one in (*mapped, *said["labels"]))
    return next((one for one in fitting if one), None)


def _alike(name: str, ours: str, there: str) -> bool:
    if name == contents.WHEN:
        return clock.parse(ours) == clock.parse(there)
    if name == contents.BODY:  # HubSpot tidies HTML
        return _plain(ours) == _plain(there)
    return ours.strip() == there.strip()


def _plain(body: str) -> str:
    return " ".join(html.unescape(_TAGS.sub(" ", body)).split())

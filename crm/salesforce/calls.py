"""Calls: Tasks logged under our mark, looked up by it, corrected, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.base import Again, Call, Done, NotSetUp, Refused, Result, Seen, Unknown
from crm.halving import unfinished, written
from crm.salesforce import answers, contents, ids, rows, tasks
from crm.salesforce.answers import Row
from crm.salesforce.api import COLLECTION, MOST, Client
from lib.http.errors import ExchangeError

SUBTYPE = "TaskSubtype"
NOT_THERE = "The call is logged, and Salesforce does not show it yet."
GONE_AGAIN = "The Task was deleted while it was corrected."
NO_RECORD = "No call can stand on {}: it is no id of a contact, lead, account or opportunity."
STALE = "The call was logged meanwhile; it is corrected the next time."


@dataclass(frozen=True)
class _Given:
    """A call that is to be given to Salesforce. ``there``: its Task, where it is known; ``at``: the record on which it is to
    stand, ``moves`` where that is to be said."""

    call: Call
    there: Row | None
    at: str
    moves: bool


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``. Sorted by their records: two requests that lock the same ones get in each other's way."""
    client.begin()
    results: dict[str, Result] = {
        one.trace: Refused("record_deleted", NO_RECORD.format(one.record_id)) for one in calls
    }
    fitting = [one for one in calls if ids.is_id(one.record_id)]
    known = _known(client, fitting)
    lives = _records(client, fitting, known)
    wanted = []
    for call in fitting:
        found = _wanted(client, call, known.get(call.trace), lives)
        if isinstance(found, Refused):
            results[call.trace] = found
        else:
            wanted.append(found)
    wanted.sort(key=lambda one: one.at)
    new = [one for one in wanted if one.there is None]
    old = [one for one in wanted if one.there is not None]
    bodies, corrections = [_new(client, one) for one in new], [_correction(client, one) for one in old]
    made = _made(client, bodies)
    results |= {one.call.trace: made[at] for at, one in enumerate(new)}
    try:
        changed = written(corrections, MOST, lambda part: tasks.logged(client, "PATCH", "", part))
    except ExchangeError as error:
        if not made:
            raise
        changed = [unfinished(error, True) for _ in old]
    results |= {one.call.trace: _not_gone(changed[at]) for at, one in enumerate(old)}
    _read_back(client, wanted, results)
    return [results[one.trace] for one in calls]


def _known(client: Client, calls: Sequence[Call]) -> dict[str, Row]:
    """Their Tasks, as far as they are known, by the calls' traces. Without a field of ours all are looked for: what is inserted
    twice stands there twice."""
    remote = {one.trace: one.remote_id for one in calls if one.remote_id}
    there = tasks.by_id(client, remote.values()) if remote else {}
    found = {trace: there[key] for trace, id_ in remote.items() if (key := ids.key(id_)) in there}
    left = [one for one in calls if one.trace not in found] if client.unique is None else []
    marked = tasks.by_mark(client, [one.mark for one in left]) if left else {}
    return found | {one.trace: marked[one.mark] for one in left if one.mark in marked}


def _records(client: Client, calls: Sequence[Call], known: Mapping[str, Row]) -> rows.Lives:
    """What is known of the records of calls that do not stand where they are to: leads may have been converted, and whatever
    a Task was moved from may be gone."""
    asked = []
    for call in calls:
        there = known.get(call.trace)
        is_lead = ids.OBJECTS[call.record_id[:3]] == ids.LEAD
        if ids.key(tasks.place(there) if there else None) != ids.key(call.record_id) and (there is not None or is_lead):
            asked.append(call.record_id)
    return rows.lives(client, asked) if asked else {}


def _wanted(client: Client, call: Call, there: Row | None, lives: rows.Lives) -> _Given | Refused:
    place = tasks.place(there) if there else None
    if place is not None and ids.key(place) == ids.key(call.record_id):
        return _Given(call, there, place, False)
    life = lives.get(ids.key(call.record_id))
    if there is not None and place is not None and (life is None or life.converted_to is not None):
        return _Given(call, there, place, False)  # as Salesforce has moved it when its record was merged or converted
    if life is not None and life.converted_to is not None:
        return rows.refused(life)
    return _Given(call, there, call.record_id, True)


# What is sent -----------------------------------------------------------------------------------------------------------
def _fields(client: Client, call: Call) -> dict[str, Any]:
    said = contents.content(call)
    unwanted = frozenset(client.settings["leave_out"])
    fields = contents.written(said, client.zone(), client.settings["dispositions"], unwanted)
    owner = said["owner"] or (client.owner(said["owner_email"]) if said["owner_email"] else None)
    return fields | ({contents.OWNER: owner} if owner else {})


def _correction(client: Client, one: _Given) -> dict[str, Any]:
    """With what the outcome no longer says; what kind of Task it is cannot be changed, and whether it is closed is people's."""
    assert one.there is not None
    unwanted = client.settings["leave_out"]
    emptied: dict[str, Any] = dict.fromkeys(name for name in contents.OURS if name not in unwanted)
    body = {"attributes": {"type": tasks.TASK}, "id": str(one.there["Id"]), **emptied, **_fields(client, one.call)}
    return body | (ids.link(one.at) if one.moves else {})


def _new(client: Client, one: _Given) -> dict[str, Any]:
    own = client.settings
    body = {"attributes": {"type": tasks.TASK}, **({client.unique: one.call.mark} if client.unique else {})}
    body |= {
        SUBTYPE: "Call",
        "Status": own["task_status"],
        "Priority": own["task_priority"],
        contents.MARK: one.call.mark,
    }
    body |= {name: value for name, value in ids.link(one.at).items() if value is not None}
    return {name: value for name, value in body.items() if name not in own["leave_out"]} | _fields(client, one.call)


def _made(client: Client, bodies: Sequence[Mapping[str, Any]]) -> list[Result]:
    if client.unique is None:
        return written(bodies, MOST, lambda part: tasks.logged(client, "POST", "", part, alone=True))
    upsert = f"/{tasks.TASK}/{client.unique}"
    results = written(bodies, MOST, lambda part: _upserted(client, upsert, part))
    # One was made by a request that nobody had an answer to, and its kind cannot be given again.
    again = [at for at, one in enumerate(results) if isinstance(one, Refused) and _is_about_kind(one)]
    bare = [{name: value for name, value in bodies[at].items() if name != SUBTYPE} for at in again]
    try:
        found = written(bare, MOST, lambda part: _upserted(client, upsert, part))
    except ExchangeError:
        found = [Again(STALE) for _ in again]
    for at, result in zip(again, found, strict=True):
        results[at] = result
    return results


def _is_about_kind(refused: Refused) -> bool:
    return SUBTYPE in refused.answer and refused.reason == "validation"


def _upserted(client: Client, path: str, part: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Raises NotSetUp where the org does not know our field as an external id: no call is at fault."""
    results = tasks.logged(client, "PATCH", path, part)
    for result in results if not any(isinstance(one, Done) for one in results) else ():
        if isinstance(result, Refused):
            _check_ours(client, result)
    return results


def _check_ours(client: Client, refused: Refused) -> None:
    if client.unique and client.unique in refused.answer and refused.reason in ("validation", "not_allowed"):
        raise NotSetUp(
            f"Salesforce's Tasks have no external id {client.unique} that the app's user may write. `wrapup crm check "
            f"{client.name}` says what to do. Salesforce says: {refused.answer}"
        )


def _not_gone(result: Result) -> Result:
    """A Task that was there a moment ago: the next time it is made anew."""
    is_gone = isinstance(result, Refused) and result.reason == answers.DELETED
    return Again(GONE_AGAIN) if is_gone else result


def _read_back(client: Client, wanted: Sequence[_Given], results: dict[str, Result]) -> None:
    """Whether each that is done is found again on its record; what Salesforce, or a trigger of the org's, has left out is put
    there."""
    done = {
        one.call.trace: (one, str(result.remote_id))
        for one in wanted
        if isinstance(result := results[one.call.trace], Done)
    }
    if not done:
        return
    try:
        there = tasks.by_id(client, [id_ for _, id_ in done.values()])
    except ExchangeError as error:
        # They are logged, and where they stand is not known. Whoever only hears of the failure believes that nothing was sent.
        results |= {trace: Unknown(str(error)) for trace in done}
        return
    stray = []
    for trace, (one, id_) in done.items():
        row = there.get(ids.key(id_))
        results[trace] = Unknown(NOT_THERE) if row is None else Done(id_, client.url(id_))
        if row is not None and ids.key(tasks.place(row)) != ids.key(one.at):
            stray.append((trace, {"attributes": {"type": tasks.TASK}, "id": id_, **ids.link(one.at)}))
    try:
        put = written([body for _, body in stray], MOST, lambda part: tasks.logged(client, "PATCH", "", part))
    except ExchangeError as error:
        put = [Unknown(str(error)) for _ in stray]
    for (trace, _), result in zip(stray, put, strict=True):
        if not isinstance(result, Done):
            results[trace] = Unknown(getattr(result, "answer", None) or NOT_THERE)


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: by their marks, then by what was known of them."""
    marked = tasks.by_mark(client, [one.mark for one in calls], whole=True)
    nameless = [one for one in calls if one.mark not in marked and one.remote_id]
    there = tasks.by_id(client, [str(one.remote_id) for one in nameless], whole=True) if nameless else {}
    found = {one.trace: marked[one.mark] for one in calls if one.mark in marked}
    found |= {one.trace: there[key] for one in nameless if (key := ids.key(one.remote_id)) in there}
    standing = [one for one in calls if one.trace in found and ids.is_id(one.record_id)]
    lives = _records(client, standing, found)
    return [_seen(client, one, found[one.trace], lives) if one.trace in found else None for one in calls]


def _seen(client: Client, call: Call, row: Row, lives: rows.Lives) -> Seen:
    id_, same = str(row["Id"]), False
    if ids.is_id(call.record_id):
        given = _wanted(client, call, row, lives)
        ours = _fields(client, call)
        names = [name for name in contents.OURS if name not in client.settings["leave_out"]]
        same = isinstance(given, _Given) and not given.moves
        same = same and all(_plain(name, ours.get(name)) == _plain(name, row.get(name)) for name in names)
        same = same and ids.key(ours.get(contents.OWNER)) in ("", ids.key(str(row.get(contents.OWNER))))
    return Seen(id_, same, client.url(id_))


def _plain(name: str, value: Any) -> str:
    """As it may be compared: Salesforce tidies blanks and the ends of lines."""
    return " ".join(str(value if value is not None else "").split())


# Removing ---------------------------------------------------------------------------------------------------------------
def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    client.begin()
    wanted = list(dict.fromkeys(remote_ids))
    results = dict(zip(wanted, written(wanted, MOST, lambda part: _deleted(client, part)), strict=True))
    return [results[id_] for id_ in remote_ids]


def _deleted(client: Client, part: Sequence[str]) -> list[Result]:
    said = client.tell("DELETE", COLLECTION, params={"ids": ",".join(part), "allOrNone": "false"})
    results = tasks.told(client, said, len(part))
    return [Done(id_) if _is_gone(one) else one for id_, one in zip(part, results, strict=True)]


def _is_gone(result: Result) -> bool:
    return isinstance(result, Refused) and result.reason == answers.DELETED

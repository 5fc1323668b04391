"""Calls: logged once, found again by our mark on their records, corrected, removed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.base import Call, Done, Refused, Result, Seen, Unknown
from crm.halving import WholeRefused, unfinished, written
from crm.pipedrive import activities, contents, logs, rows
from crm.pipedrive.api import Client, Row
from crm.pipedrive.logs import Remote
from dialers.vocabulary import UNKNOWN
from lib import clock
from lib.http.errors import ExchangeError

NOT_TOLD = "Pipedrive's answer does not tell of the call log."
NOT_THERE = "The call is logged, and Pipedrive does not show its activity yet."
NO_OUTCOME = (
    "Pipedrive wants one of six outcomes, and nobody has said which of them this is: name it in `outcomes`, by the call's "
    "disposition or by its connect outcome ({}), and retry it."
)
NO_RECORD = "Pipedrive has no {} of this id."
LOG_NOT_FOUND = "Its activity is corrected; its call log was not found, and still says what it said first."


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


@dataclass(frozen=True)
class _Sent:
    """What is sent of a call: the call log's own members, and those that its activity has, too."""

    log: Mapping[str, Any]
    shown: Mapping[str, Any]
    version: str
    owner: str | None


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``. One after the other: Pipedrive takes no batches."""
    sent: list[str] = []

    def one(part: Sequence[Call]) -> list[Result]:
        sent[:] = [part[0].trace]
        return [_logged(client, part[0])]

    try:
        results = written(calls, 1, one)
    except ExchangeError as error:
        error.tried = frozenset(sent)
        raise
    return _read_back(client, calls, results)


def _logged(client: Client, call: Call) -> Result:
    said = contents.content(call)
    word = contents.outcome_of(said, client.settings["outcomes"])
    if word is None:
        return Refused("no_outcome", NO_OUTCOME.format(call.outcome["connect_outcome"] or UNKNOWN))
    if not client.kind.is_id(call.record_id):
        return Refused("record_deleted", NO_RECORD.format(client.kind.one))
    client.begin()
    ours = _sent(client, call, said, word)
    there = logs.remote_of(call.remote_id) if call.remote_id else None
    row = activities.one(client, there.activity) if there is not None else None
    if there is not None and row is not None:
        return _corrected(client, call, ours, there, row)
    return _made(client, call, {**ours.log, **ours.shown, **_owned(ours), **client.kind.linked(call.record_id)})


def _sent(client: Client, call: Call, said: Mapping[str, Any], word: str) -> _Sent:
    owner = said["owner"] or (client.owner(said["owner_email"]) if said["owner_email"] else None)
    if owner is not None and owner != client.user().id and not client.user().chooses_owners:
        owner = None  # who may not log calls of others would be refused
    version = contents.version({**said, "word": word, "owner": owner})
    shown = {"subject": said["subject"], "note": contents.marked(said["note"], call.mark, version)}
    return _Sent({"outcome": word, **said["log"]}, shown, version, owner)


def _owned(ours: _Sent) -> dict[str, int]:
    return {"user_id": int(ours.owner)} if ours.owner and ours.owner.isdigit() else {}


def _made(client: Client, call: Call, body: Mapping[str, Any]) -> Result:
    made = logs.make(client, body)
    return Unknown(NOT_TOLD) if made is None else Done(str(made), client.url(call.record_id))


def _corrected(client: Client, call: Call, ours: _Sent, there: Remote, row: Row) -> Result:
    """A call log cannot be changed: another one takes its place on the same activity, which stays where people know it."""
    place = _place(client, call, row)
    mark = contents.mark_of(row.get("note"))
    if mark == (call.mark, ours.version) and place == activities.record_of(client, row):
        return Done(str(there), client.url(place))
    said = logs.read(client, there.log) if there.log is not None else None
    if said is None:  # nobody knows its id, or another one has taken its place, whose answer was lost
        said = logs.of_activity(client, there.activity)
    id_ = str(said["id"]) if said is not None else there.log
    is_out_of_reach = id_ is None and (mark is None or mark[1] != contents.REPLACED)
    answer = LOG_NOT_FOUND if is_out_of_reach else None
    if not is_out_of_reach and (said is None or not logs.says(said, ours.log)):
        if said is not None:
            if there.log is None:  # nobody would know that there was one, if what follows is not answered
                note = contents.marked(str(row.get("note") or ""), call.mark, contents.REPLACED)
                activities.change(client, there.activity, {"note": note})
            logs.delete(client, str(said["id"]))
        again = {**ours.log, **ours.shown, **_owned(ours), "activity_id": int(there.activity)}
        made = logs.make(client, again)
        if made is None or made.activity != there.activity:
            return Unknown(NOT_TOLD)
        id_ = made.log
    # Last: what the activity says tells that all of this is done.
    owner = {"owner_id": int(ours.owner)} if _owned(ours) and ours.owner else {}
    try:
        activities.change(client, there.activity, {**ours.shown, **owner, **client.kind.linked(place)})
    except WholeRefused:
        raise
    except ExchangeError as error:
        return Unknown(str(error))
    return Done(str(Remote(id_, there.activity)), client.url(place), answer)


def _place(client: Client, call: Call, row: Row) -> str:
    """The record on which it is to stand: where its own one is gone, as after a merge, it stays where Pipedrive has put it."""
    there = activities.record_of(client, row)
    if there is None or there == call.record_id or call.record_id in rows.by_id(client, [call.record_id], ()):
        return call.record_id
    return there


def _read_back(client: Client, calls: Sequence[Call], results: Sequence[Result]) -> list[Result]:
    """Whether each that is done is found again on its record, under its mark; what Pipedrive has left out is put there."""
    done = {
        at: logs.remote_of(one.remote_id)
        for at, one in enumerate(results)
        if isinstance(one, Done) and one.remote_id is not None
    }
    try:
        there = activities.by_id(client, [one.activity for one in done.values()])
    except ExchangeError as error:
        # They are logged, and where they stand is not known. Whoever only hears of the failure believes that nothing was sent.
        return [Unknown(str(error)) if at in done else one for at, one in enumerate(results)]
    found = list(results)
    for at, one in done.items():
        row = there.get(one.activity)
        found[at] = Unknown(NOT_THERE) if row is None else _placed(client, calls[at], results[at], one, row)
    return found


def _placed(client: Client, call: Call, result: Result, there: Remote, row: Row) -> Result:
    missing: dict[str, Any] = {}
    try:
        mark = contents.mark_of(row.get("note"))
        if mark is None or mark[0] != call.mark:
            said = contents.content(call)
            word = contents.outcome_of(said, client.settings["outcomes"])
            missing |= _sent(client, call, said, word or "").shown
        if activities.record_of(client, row) != (place := _place(client, call, row)):
            missing |= client.kind.linked(place)
        if missing:
            activities.change(client, there.activity, missing)
    except ExchangeError as error:
        return Unknown(str(error))
    return result


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: on their records, then by what was known of them, then among the user's own call logs."""
    client.company()  # for addresses
    found: dict[int, Row] = {}
    by_record: dict[str, list[int]] = {}
    for at, call in enumerate(calls):
        by_record.setdefault(call.record_id, []).append(at)
    for record, places in by_record.items():
        rows_ = activities.on_record(client, record, min(_begin(calls[at]) for at in places)) if record else {}
        found |= {at: rows_[calls[at].mark] for at in places if calls[at].mark in rows_}
    known = {at: logs.remote_of(call.remote_id) for at, call in enumerate(calls) if call.remote_id and at not in found}
    elsewhere = activities.by_id(client, [one.activity for one in known.values()]) if known else {}
    found |= {at: elsewhere[one.activity] for at, one in known.items() if one.activity in elsewhere}
    nameless = {at for at, call in enumerate(calls) if at not in found or not _log_of(call, found[at])}
    own = _own(client, {calls[at].mark for at in nameless})
    late = activities.by_id(client, [one.activity for one in own.values()]) if own else {}
    seen: list[Seen | None] = []
    for at, call in enumerate(calls):
        remote = own.get(call.mark)
        row = found.get(at) or (late.get(remote.activity) if remote else None)
        seen.append(None if row is None else _seen(client, call, row, remote))
    return seen


def _begin(call: Call) -> datetime:
    found = clock.read(call.outcome["occurred_at"])
    assert found is not None  # every outcome has a time
    return found


def _log_of(call: Call, row: Row) -> str | None:
    """The id of the call's log, where it is known."""
    known = logs.remote_of(call.remote_id) if call.remote_id else None
    return known.log if known is not None and known.activity == str(row["id"]) else None


def _own(client: Client, marks: set[str]) -> dict[str, Remote]:
    """Those of the marks that stand in the user's own call logs."""
    found: dict[str, Remote] = {}
    for row in _marked(client) if marks else ():
        mark = contents.mark_of(row.get("note"))
        if mark is not None and mark[0] in marks:
            found.setdefault(mark[0], Remote(str(row["id"]), str(row.get("activity_id") or "")))
            if len(found) == len(marks):
                break
    return found


def _marked(client: Client) -> Iterator[Row]:
    return (row for row in logs.own(client) if row.get("id"))


def _seen(client: Client, call: Call, row: Row, own: Remote | None) -> Seen:
    activity = str(row["id"])
    log_ = own.log if own is not None and own.activity == activity else _log_of(call, row)
    said = contents.content(call)
    word = contents.outcome_of(said, client.settings["outcomes"])
    same = False
    if word is not None and call.record_id:
        ours, there = _sent(client, call, said, word), activities.record_of(client, row)
        is_ours = contents.mark_of(row.get("note")) == (call.mark, ours.version)
        same = is_ours and there is not None and _place(client, call, row) == there
    return Seen(str(Remote(log_, activity)), same, client.url(call.record_id))


# Removing ---------------------------------------------------------------------------------------------------------------
def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``: the call log first, since nobody finds it without its activity."""
    return written(remote_ids, 1, lambda part: [_removed(client, part[0])])


def _removed(client: Client, remote_id: str) -> Result:
    client.begin()
    there = logs.remote_of(remote_id)
    try:
        if there.log is None or not logs.delete(client, there.log):
            other = logs.of_activity(client, there.activity)
            if other is not None:
                logs.delete(client, str(other["id"]))
        activities.delete(client, there.activity)
    except WholeRefused:
        raise
    except ExchangeError as error:
        return unfinished(error, True)
    return Done(remote_id)

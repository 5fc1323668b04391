"""Calls as comments on the timelines of their records: what a webhook may write, too. Each ends in our mark.

apidocs.bitrix24.com, "crm.timeline.comment.add" and its like: comments are listed by the record on which they stand, fifty at a
time, and changed and deleted by themselves. There is no field of ours.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.base import Call, Done, Result, Seen, Unknown
from crm.bitrix24 import contents
from crm.bitrix24.api import PAGE, Client, Row
from crm.bitrix24.commands import MOST, Command
from crm.halving import written
from lib.http.errors import ExchangeError

ADD, UPDATE, DELETE = "crm.timeline.comment.add", "crm.timeline.comment.update", "crm.timeline.comment.delete"
GET, LIST = "crm.timeline.comment.get", "crm.timeline.comment.list"
AT_ONCE = 20  # comments of one batch
NOT_TOLD = "Bitrix24's answer does not tell of it."
NOT_THERE = "The comment is made, and Bitrix24 does not show it yet."


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    sent: list[str] = []

    def send(part: Sequence[Call]) -> list[Result]:
        sent[:] = [one.trace for one in part]
        return _logged(client, part)

    try:
        results = written(calls, AT_ONCE, send)
    except ExchangeError as error:
        error.tried = frozenset(sent)
        raise
    return _read_back(client, calls, results)


def _logged(client: Client, some: Sequence[Call]) -> list[Result]:
    said = client.tell_all([_command(client, at, one) for at, one in enumerate(some)], alone=True)
    refused = {at: said.errors.get(f"c{at}") for at, one in enumerate(some) if _known(one)}
    gone = [at for at, error in refused.items() if error is not None and error.is_gone]
    if gone:  # somebody has deleted them
        anew = client.tell_all([_command(client, at, some[at], anew=True) for at in gone], alone=True)
        for at in gone:
            del said.errors[f"c{at}"]
        said.results |= anew.results
        said.errors |= anew.errors
    results: list[Result] = []
    for at, call in enumerate(some):
        error, told = said.errors.get(f"c{at}"), said.results.get(f"c{at}")
        if error is not None:
            results.append(client.of_record(error, ADD))
        elif isinstance(told, int | str) and str(told).isdigit() and told:
            results.append(Done(str(told), client.url(call.record_id)))
        else:
            results.append(Unknown(NOT_TOLD))
    return results


def _command(client: Client, at: int, call: Call, anew: bool = False) -> Command:
    text = contents.marked(contents.content(call), call.mark)
    if (known := _known(call)) and not anew:
        return Command(f"c{at}", UPDATE, {"id": known, "fields": {"COMMENT": text}})
    place = {"ENTITY_ID": call.record_id, "ENTITY_TYPE": client.kind.word}
    return Command(f"c{at}", ADD, {"fields": {**place, "COMMENT": text}})


def _known(call: Call) -> str | None:
    """The id of its comment, as far as is known: not that of a call that was registered."""
    return call.remote_id if call.remote_id and call.remote_id.isdigit() else None


def _read_back(client: Client, calls: Sequence[Call], results: Sequence[Result]) -> list[Result]:
    """Whether each that is done is there, under its mark."""
    done = {at: one.remote_id for at, one in enumerate(results) if isinstance(one, Done) and one.remote_id}
    try:
        there = _by_id(client, list(done.values()))
    except ExchangeError as error:
        # They are logged, and what they say is not known. Whoever only hears of the failure believes that nothing was sent.
        return [Unknown(str(error), done[at]) if at in done else one for at, one in enumerate(results)]
    found = list(results)
    for at, id_ in done.items():
        if not _is_same(calls[at], there.get(id_)):
            found[at] = Unknown(NOT_THERE, id_)
    return found


def _by_id(client: Client, ids: Sequence[str]) -> dict[str, Row]:
    """Those that are there. Raises ExchangeError."""
    said = client.ask_all([Command(f"g{id_}", GET, {"id": id_}) for id_ in dict.fromkeys(ids)], each=True)
    told = {id_: said.results.get(f"g{id_}") for id_ in ids}
    return {id_: one for id_, one in told.items() if isinstance(one, Mapping) and one.get("COMMENT")}


def _is_same(call: Call, row: Row | None) -> bool:
    ours = (call.mark, contents.version(contents.content(call)))
    return row is not None and contents.mark_of(row.get("COMMENT")) == ours


def _has_mark(row: Row, mark: str) -> bool:
    found = contents.mark_of(row.get("COMMENT"))
    return found is not None and found[0] == mark


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: by what was known of them, then on their records."""
    there = _by_id(client, [id_ for one in calls if (id_ := _known(one))])
    known = {at: there[id_] for at, one in enumerate(calls) if (id_ := _known(one)) in there}
    own = {at: row for at, row in known.items() if _has_mark(row, calls[at].mark)}
    wanted: dict[str, set[str]] = {}
    for at, call in enumerate(calls):
        if at not in own and call.record_id:
            wanted.setdefault(call.record_id, set()).add(call.mark)
    found = {record: _on_record(client, record, marks) for record, marks in wanted.items()}
    seen: list[Seen | None] = []
    for at, call in enumerate(calls):
        row = own.get(at) or found.get(call.record_id, {}).get(call.mark)
        same = _is_same(call, row)
        seen.append(None if row is None else Seen(_id(row, call), same, client.url(call.record_id)))
    return seen


def _id(row: Row, call: Call) -> str:
    return str(row.get("ID") or call.remote_id)


def _on_record(client: Client, record: str, marks: set[str]) -> dict[str, Row]:
    """The latest of each mark, among as many pages as the setting says. Raises ExchangeError."""
    found: dict[str, Row] = {}
    place: dict[str, Any] = {"ENTITY_ID": record, "ENTITY_TYPE": client.kind.word}
    for page in range(int(client.settings["look_up_pages"])):
        params = {"filter": place, "order": {"ID": "DESC"}, "start": page * PAGE}
        some, _ = client.ask_list(LIST, params)
        for row in some:
            mark = contents.mark_of(row.get("COMMENT"))
            if mark is not None and mark[0] in marks and row.get("ID"):
                found.setdefault(mark[0], row)
        if len(some) < PAGE or len(found) == len(marks):
            break
    return found


# Removing ---------------------------------------------------------------------------------------------------------------
def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    return written(remote_ids, MOST, lambda part: _removed(client, part))


def _removed(client: Client, some: Sequence[str]) -> list[Result]:
    said = client.tell_all([Command(f"d{at}", DELETE, {"id": id_}) for at, id_ in enumerate(some)])
    results: list[Result] = []
    for at, id_ in enumerate(some):
        error = said.errors.get(f"d{at}")
        if f"d{at}" in said.results or (error is not None and error.is_gone):
            results.append(Done(id_))
        else:
            results.append(client.of_record(error, DELETE) if error else Unknown(NOT_TOLD))
    return results

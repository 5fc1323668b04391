"""Calls: logged once, found again by our mark, corrected, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crm.base import Again, Call, Done, Refused, Result, Seen, Unknown
from crm.halving import unfinished, waves
from crm.zoho import batches, contents, ours, rows, searching
from crm.zoho.answers import CONFLICT, RECORD_DELETED
from crm.zoho.api import CALLS, CONTACTS, Client, Row, address
from crm.zoho.contents import KEPT_BY_ZOHO, OTHER, SECONDS, TEXT
from crm.zoho.ours import Ours
from lib import clock
from lib.http.errors import ExchangeError

NOT_THERE = "The call is logged, and Zoho does not show it yet."
ELSEWHERE = "The call is logged, and Zoho does not show it on its record yet."
HIDDEN = (
    "Zoho says that there is a call with this mark, and does not show it. It may lie in the recycle bin: restore it, or delete "
    "it there, and retry it."
)
STILL_THERE = "Zoho still shows the call."
NO_RECORD = "Zoho has no {} of this id that is not converted."
MISREAD = "Zoho answers that it lasted {} s, and it was {} s: look at duration_format."
DIFFERS = "Zoho does not let {} of a call be changed once it is over, and has kept the first."
BEFORE = timedelta(days=1)  # two clocks differ by less


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    client.begin()
    results: dict[int, Result] = {}
    for wave in waves(calls, lambda one: one.mark):
        results.update(zip(wave, _logged(client, [calls[at] for at in wave]), strict=True))
    return [results[at] for at in range(len(calls))]


@dataclass
class _Batch:
    """``found``: what stands in Zoho of each; ``new``: those that we have just made, and in the words of today."""

    results: dict[int, Result] = field(default_factory=dict)
    found: dict[int, Row] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)


def _logged(client: Client, calls: Sequence[Call]) -> list[Result]:
    mine = ours.of(client, calls)
    shown = ours.shown(client)
    there = rows.by_id(client, CALLS, (call.remote_id for call in calls if call.remote_id), shown)
    batch = _Batch(found={at: there[call.remote_id] for at, call in enumerate(calls) if call.remote_id in there})
    for at, one in enumerate(mine):
        if one.module is None and not (at in batch.found and one.stands(batch.found[at])):
            kinds = " or ".join(module.lower()[:-1] for module in client.modules)
            batch.results[at] = Refused(RECORD_DELETED, NO_RECORD.format(kinds))
            batch.found.pop(at, None)
    fresh = [at for at in range(len(calls)) if at not in batch.found and at not in batch.results]
    if fresh:
        made = batches.given(client, "POST", CALLS, [_new(mine[at]) for at in fresh], alone=client.unique is None)
        try:
            _shown_again(client, mine, batch, dict(zip(fresh, made, strict=True)), shown)
        except ExchangeError as error:
            # They are logged, and where is not known: whoever hears only of the failure believes that nothing was sent.
            left = dict(zip(fresh, made, strict=True))
            batch.results |= {at: Unknown(str(error)) if isinstance(one, Done) else one for at, one in left.items()}
    try:
        _correct(client, mine, batch, shown)
    except ExchangeError as error:
        if not fresh:
            raise
        batch.results |= {at: _unfinished(error, at in batch.new) for at in batch.found if at not in batch.results}
    return [batch.results[at] for at in range(len(calls))]


def _unfinished(error: ExchangeError, is_new: bool) -> Result:
    return Unknown(str(error)) if is_new else unfinished(error, True)


def _new(one: Ours) -> dict[str, Any]:
    return {**one.fields, **one.link()}


def _shown_again(
    client: Client, mine: Sequence[Ours], batch: _Batch, made: Mapping[int, Result], shown: Sequence[str]
) -> None:
    """What was made, as Zoho shows it, by its marks: so it is known which is which, in whatever order it answers."""
    ids = [one.remote_id for one in made.values() if isinstance(one, Done) and one.remote_id]
    there = rows.by_id(client, CALLS, ids, shown)
    by_mark = {ours.mark_of(client, row): row for row in there.values()}
    for at, result in made.items():
        row = by_mark.get(mine[at].call.mark)
        if row is None and isinstance(result, Done) and result.remote_id:
            told = there.get(result.remote_id, {})  # whose mark is not shown, as of a field that the token may not read
            row = told if told and ours.mark_of(client, told) is None else None
        if row is not None:
            batch.found[at] = row
            if not (isinstance(result, Done) and result.answer == batches.ALREADY):
                batch.new.add(at)
        elif isinstance(result, Done) and result.answer == batches.ALREADY:
            batch.results[at] = Refused(CONFLICT, HIDDEN)
        else:
            batch.results[at] = Unknown(NOT_THERE) if isinstance(result, Done) else result


def _correct(client: Client, mine: Sequence[Ours], batch: _Batch, shown: Sequence[str]) -> None:
    """What does not stand there as it should is written again, and read back where it is about the place."""
    changes = {at: _change(mine[at], row, at in batch.new) for at, row in batch.found.items()}
    wanted = [at for at, change in changes.items() if change]
    bodies = [{"id": str(batch.found[at]["id"]), **changes[at]} for at in wanted]
    written = batches.given(client, "PUT", CALLS, bodies) if bodies else []
    batch.results |= {
        at: _failed(one, at in batch.new) for at, one in zip(wanted, written, strict=True) if not _is_done(one)
    }
    moved = [at for at in wanted if at not in batch.results and not mine[at].stands(batch.found[at])]
    now = rows.by_id(client, CALLS, (str(batch.found[at]["id"]) for at in moved), shown) if moved else {}
    for at, row in batch.found.items():
        if at in batch.results:
            continue
        known = now.get(str(row["id"]), {}) if at in moved else {**row, **changes[at]}
        batch.results[at] = _done(client, mine[at], known) if mine[at].stands(known) else Unknown(ELSEWHERE)


def _is_done(result: Result) -> bool:
    return isinstance(result, Done)


def _failed(result: Result, is_new: bool) -> Result:
    if is_new and isinstance(result, Refused | Again):
        return Unknown(result.answer)  # it is logged, and not where it belongs
    if isinstance(result, Refused) and result.reason == RECORD_DELETED:
        return Again(result.answer)  # a person has deleted the call just now: it is logged anew
    return result


def _change(one: Ours, row: Row, is_new: bool) -> dict[str, Any]:
    """What is to be written over a call; of one that was just made only its place is looked at."""
    differing = (
        {} if is_new else {name: value for name, value in one.fields.items() if not ours.alike(name, value, row)}
    )
    change = {name: value for name, value in differing.items() if name not in KEPT_BY_ZOHO}
    if not one.stands(row):
        change |= one.link() | ({OTHER: None} if one.module == CONTACTS and row.get(OTHER) else {})
    return change


def _done(client: Client, one: Ours, row: Row) -> Done:
    id_ = str(row["id"])
    kept = [
        name
        for name in KEPT_BY_ZOHO
        if name in one.fields and name in row and not ours.alike(name, one.fields[name], row)
    ]
    told = row.get(SECONDS)
    answers = [DIFFERS.format(" and ".join(kept))] if kept else []
    if contents.is_misread(one.seconds, client.settings["duration_format"], told):
        answers.append(MISREAD.format(told, one.seconds or 0))
    return Done(id_, client.url(CALLS, id_), " ".join(answers) or None)


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: by our field, or among the calls that were made last; then by what was known of them."""
    client.begin()
    client.account()  # for addresses
    marks = {call.mark for call in calls}
    found = _marked(client, calls) if client.unique is None else searching.by_marks(client, marks, ours.shown(client))
    left = [call.remote_id for call in calls if call.remote_id and call.mark not in found]
    for row in rows.by_id(client, CALLS, left, ours.shown(client)).values():
        found.setdefault(ours.mark_of(client, row) or "", row)
    mine = ours.of(client, [call for call in calls if call.mark in found])
    same = {one.call.mark: not _change(one, found[one.call.mark], is_new=False) for one in mine}
    return [_seen(client, found.get(call.mark), same.get(call.mark, False)) for call in calls]


def _seen(client: Client, row: Row | None, same: bool) -> Seen | None:
    return None if row is None else Seen(str(row["id"]), same, client.url(CALLS, str(row["id"])))


def _marked(client: Client, calls: Sequence[Call]) -> dict[str, Row]:
    """Those that have our mark in their descriptions. A list is not late, as a search may be."""
    wanted = {call.mark for call in calls}
    since = min(_begin(call) for call in calls) - BEFORE if calls else None
    found: dict[str, Row] = {}
    params = {
        "fields": ",".join([*ours.shown(client), "Created_Time"]),
        "sort_by": "Created_Time",
        "sort_order": "desc",
    }
    for page in client.pages(address(CALLS), params, int(client.settings["look_up_pages"])):
        for row in page:
            mark = contents.mark_of(row.get(TEXT))
            if mark in wanted and row.get("id"):
                found.setdefault(str(mark), row)
        made = clock.parse(str(page[-1].get("Created_Time") or "")) if page else None
        if len(found) == len(wanted) or (made is not None and since is not None and made < since):
            break
    return found


def _begin(call: Call) -> datetime:
    found = clock.read(call.outcome["occurred_at"])
    assert found is not None  # every outcome has a time
    return found.astimezone(UTC)


# Removing ---------------------------------------------------------------------------------------------------------------
def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``. What is refused may be gone already, so it is asked for."""
    client.begin()
    ids = list(dict.fromkeys(remote_ids))
    results = dict(zip(ids, batches.deleted(client, CALLS, ids), strict=True))
    doubtful = [id_ for id_, one in results.items() if isinstance(one, Refused | Unknown)]
    try:
        there = rows.by_id(client, CALLS, doubtful, ["Subject"]) if doubtful else {}
    except ExchangeError as error:
        return [Unknown(str(error)) if one in doubtful else results[one] for one in remote_ids]
    for id_ in doubtful:
        gone = id_ not in there
        results[id_] = Done(id_) if gone else Again(STILL_THERE) if isinstance(results[id_], Unknown) else results[id_]
    return [results[id_] for id_ in remote_ids]

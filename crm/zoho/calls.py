"""Calls: logged once, found again by our mark, corrected, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crm.base import Again, Call, Done, NotSetUp, Refused, Result, Seen, Unknown
from crm.halving import unfinished, waves
from crm.zoho import batches, contents, metadata, rows, searching
from crm.zoho.answers import CONFLICT, RECORD_DELETED
from crm.zoho.api import CALLS, CONTACTS, Client, Row, address
from crm.zoho.contents import CONTACT, DURATION, KEPT_BY_ZOHO, OTHER, OTHERS_MODULE, OWNER, RESULT, SECONDS, START, TEXT
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
LONGER = "Zoho answers that it lasted {} s, and it was {} s: look at duration_format."
DIFFERS = "Zoho does not let {} of a call be changed once it is over, and has kept the first."
NOT_OURS = (
    "Zoho's calls have no unique field {0}. `wrapup crm check {1} --create-properties` makes it where the token allows that. "
    'Or set unique_field = "": the mark then stands in the description.'
)
BEFORE = timedelta(days=1)  # two clocks differ by less


def content(call: Call) -> Mapping[str, Any]:
    """As of ``crm.base.Calls``."""
    return contents.content(call)


@dataclass(frozen=True)
class _Ours:
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
    ours = _all_ours(client, calls)
    shown = _shown(client)
    there = rows.by_id(client, CALLS, (call.remote_id for call in calls if call.remote_id), shown)
    batch = _Batch(found={at: there[call.remote_id] for at, call in enumerate(calls) if call.remote_id in there})
    for at, one in enumerate(ours):
        if one.module is None and not (at in batch.found and one.stands(batch.found[at])):
            kinds = " or ".join(module.lower()[:-1] for module in client.modules)
            batch.results[at] = Refused(RECORD_DELETED, NO_RECORD.format(kinds))
            batch.found.pop(at, None)
    fresh = [at for at in range(len(calls)) if at not in batch.found and at not in batch.results]
    if fresh:
        made = batches.given(client, "POST", CALLS, [_new(ours[at]) for at in fresh], alone=client.unique is None)
        try:
            _shown_again(client, ours, batch, dict(zip(fresh, made, strict=True)), shown)
        except ExchangeError as error:
            # They are logged, and where they stand is not known: whoever hears only of the failure believes that nothing was sent.
            left = dict(zip(fresh, made, strict=True))
            batch.results |= {at: Unknown(str(error)) if isinstance(one, Done) else one for at, one in left.items()}
    try:
        _correct(client, ours, batch, shown)
    except ExchangeError as error:
        if not fresh:
            raise
        batch.results |= {at: _unfinished(error, at in batch.new) for at in batch.found if at not in batch.results}
    return [batch.results[at] for at in range(len(calls))]


def _unfinished(error: ExchangeError, is_new: bool) -> Result:
    return Unknown(str(error)) if is_new else unfinished(error, True)


def _new(one: _Ours) -> dict[str, Any]:
    return {**one.fields, **one.link()}


def _shown_again(
    client: Client, ours: Sequence[_Ours], batch: _Batch, made: Mapping[int, Result], shown: Sequence[str]
) -> None:
    """What was made, as Zoho shows it, by its marks: so it is known which is which, in whatever order it answers."""
    ids = [one.remote_id for one in made.values() if isinstance(one, Done) and one.remote_id]
    there = rows.by_id(client, CALLS, ids, shown)
    by_mark = {_mark_of(client, row): row for row in there.values()}
    for at, result in made.items():
        row = by_mark.get(ours[at].call.mark)
        if row is not None:
            batch.found[at] = row
            if not (isinstance(result, Done) and result.answer == batches.ALREADY):
                batch.new.add(at)
        elif isinstance(result, Done) and result.answer == batches.ALREADY:
            batch.results[at] = Refused(CONFLICT, HIDDEN)
        else:
            batch.results[at] = Unknown(NOT_THERE) if isinstance(result, Done) else result


def _correct(client: Client, ours: Sequence[_Ours], batch: _Batch, shown: Sequence[str]) -> None:
    """What does not stand there as it should is written again, and read back where it is about the place."""
    changes = {at: _change(ours[at], row, at in batch.new) for at, row in batch.found.items()}
    wanted = [at for at, change in changes.items() if change]
    bodies = [{"id": str(batch.found[at]["id"]), **changes[at]} for at in wanted]
    written = batches.given(client, "PUT", CALLS, bodies) if bodies else []
    for at, result in zip(wanted, written, strict=True):
        if not isinstance(result, Done):
            batch.results[at] = Unknown(result.answer) if at in batch.new else result
    moved = [at for at in wanted if at not in batch.results and not ours[at].stands(batch.found[at])]
    now = rows.by_id(client, CALLS, (str(batch.found[at]["id"]) for at in moved), shown) if moved else {}
    for at, row in batch.found.items():
        if at in batch.results:
            continue
        row = now.get(str(row["id"]), {}) if at in moved else row
        known = {**batch.found[at], **changes[at], **row}
        batch.results[at] = _done(client, ours[at], known) if ours[at].stands(known) else Unknown(ELSEWHERE)


def _change(one: _Ours, row: Row, is_new: bool) -> dict[str, Any]:
    """What is to be written over a call; of one that was just made only its place is looked at."""
    differing = {} if is_new else {name: value for name, value in one.fields.items() if not _alike(name, value, row)}
    change = {name: value for name, value in differing.items() if name not in KEPT_BY_ZOHO}
    if not one.stands(row):
        change |= one.link() | ({OTHER: None} if one.module == CONTACTS and row.get(OTHER) else {})
    return change


def _done(client: Client, one: _Ours, row: Row) -> Done:
    id_ = str(row["id"])
    kept = [
        name for name in KEPT_BY_ZOHO if name in one.fields and name in row and not _alike(name, one.fields[name], row)
    ]
    told = row.get(SECONDS)
    answers = [DIFFERS.format(" and ".join(kept))] if kept else []
    if one.seconds and isinstance(told, int) and told >= 2 * max(one.seconds, 1) and told - one.seconds >= 60:
        answers.append(LONGER.format(told, one.seconds))
    return Done(id_, client.url(CALLS, id_), " ".join(answers) or None)


# What is sent -----------------------------------------------------------------------------------------------------------
def _all_ours(client: Client, calls: Sequence[Call]) -> list[_Ours]:
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
    return client.unique in known and known[client.unique].unique


def _ours(client: Client, call: Call, known: Mapping[str, metadata.Field], module: str | None) -> _Ours:
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
    return _Ours(call, fields, module, said["seconds"])


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


def _shown(client: Client) -> list[str]:
    own = (contents.SUBJECT, contents.TYPE, START, DURATION, SECONDS, TEXT, RESULT, OWNER, contents.TO, contents.FROM)
    return [*own, CONTACT, OTHER, *([client.unique] if client.unique else ())]


def _mark_of(client: Client, row: Row) -> str | None:
    if client.unique is None:
        return contents.mark_of(row.get(TEXT))
    found = row.get(client.unique)
    return str(found) if found else None


def _alike(name: str, ours: Any, row: Row) -> bool:
    there = row.get(name)
    if name == START:
        return clock.parse(ours) == clock.parse(str(there or ""))
    if name == OWNER:
        return rows.id_of(ours) == rows.id_of(there)
    return " ".join(str(ours).split()) == " ".join(metadata.text(there).split())


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: by our field, or among the calls that were made last; then by what was known of them."""
    client.begin()
    client.account()  # for addresses
    marks = {call.mark for call in calls}
    found = _marked(client, calls) if client.unique is None else searching.by_marks(client, marks, _shown(client))
    left = [call.remote_id for call in calls if call.remote_id and call.mark not in found]
    for row in rows.by_id(client, CALLS, left, _shown(client)).values():
        found.setdefault(_mark_of(client, row) or "", row)
    ours = _all_ours(client, [call for call in calls if call.mark in found])
    same = {one.call.mark: not _change(one, found[one.call.mark], is_new=False) for one in ours}
    return [_seen(client, found.get(call.mark), same.get(call.mark, False)) for call in calls]


def _seen(client: Client, row: Row | None, same: bool) -> Seen | None:
    return None if row is None else Seen(str(row["id"]), same, client.url(CALLS, str(row["id"])))


def _marked(client: Client, calls: Sequence[Call]) -> dict[str, Row]:
    """Those that have our mark in their descriptions. A list is not late, as a search may be."""
    wanted = {call.mark for call in calls}
    since = min(_begin(call) for call in calls) - BEFORE if calls else None
    found: dict[str, Row] = {}
    params = {"fields": ",".join([*_shown(client), "Created_Time"]), "sort_by": "Created_Time", "sort_order": "desc"}
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
    found = clock.parse(call.outcome["occurred_at"])
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

"""Calls of the telephony: registered and finished in one batch, with a note on the activity that comes of it.

apidocs.bitrix24.com: only an app may. A call that was registered with the same mark less than thirty minutes before is the same
one; after that another one is registered, and of the first nothing is ever seen. So what is registered and not finished is
finished by its id, where that is known, and what may be finished is looked for in the statistics first.
"""

from collections.abc import Mapping, Sequence

from crm.base import Call, Done, Refused, Result, Seen, Unknown
from crm.bitrix24 import activities, answers, contents, making, rows, statistics
from crm.bitrix24.activities import Place
from crm.bitrix24.api import Client, Row
from crm.bitrix24.commands import MOST, Command
from crm.bitrix24.kinds import COMPANIES, CONTACTS, KINDS
from crm.bitrix24.making import NOT_TOLD, New, corrected
from crm.bitrix24.statistics import Remote, remote_of
from crm.halving import unfinished, written
from lib.http.errors import ExchangeError

NO_RECORD = "Bitrix24 has no {} of this id."
NO_HOLDER = "The deal has no contact and no company, and Bitrix24 registers a call on one of these."
NOT_THERE = "The call is logged, and Bitrix24 does not show its activity yet."
ALREADY = "ACTIVITY_IS_ALREADY_BOUND"


def log(client: Client, calls: Sequence[Call]) -> list[Result]:
    """As of ``crm.base.Calls``."""
    known = {at: remote_of(one.remote_id) for at, one in enumerate(calls) if one.remote_id}
    stand = activities.places(client, [one.activity for one in known.values() if one.activity])
    there = [at for at, one in known.items() if one.activity in stand]
    fresh = [at for at in range(len(calls)) if at not in there]
    holders = _holders(client, [calls[at].record_id for at in fresh])
    results: dict[int, Result] = {}
    wanted: list[int] = []
    for at in fresh:
        mistake = _mistake(client, calls[at], holders)
        if mistake is None:
            wanted.append(at)
        else:
            results[at] = mistake
    begun = {at: one.call for at, one in known.items() if one.activity is None}
    new = [New(calls[at], holders[calls[at].record_id] or (0, ""), begun.get(at)) for at in wanted]
    results |= dict(zip(wanted, making.made(client, new), strict=True))
    try:
        noted: Sequence[Result] = corrected(client, [calls[at] for at in there], stand)
    except ExchangeError as error:
        if not wanted:
            raise
        noted = [unfinished(error, True)] * len(there)
    results |= dict(zip(there, noted, strict=True))
    return _read_back(client, calls, [results[at] for at in range(len(calls))], stand)


def _holders(client: Client, records: Sequence[str]) -> dict[str, Place | None]:
    """Record -> on whom its calls are registered, None where there is nobody; without those that are not there."""
    kind = client.kind
    if kind.registered:
        return {id_: (kind.type_id, id_) for id_ in rows.by_id(client, records, ["id"])}
    deals = rows.by_id(client, records, ["id", "contactId", "companyId"])
    return {id_: _holder(row) for id_, row in deals.items()}


def _holder(deal: Row) -> Place | None:
    for link, kind in (("contactId", CONTACTS), ("companyId", COMPANIES)):
        if deal.get(link) not in (None, 0, "0", ""):
            return KINDS[kind].type_id, str(deal[link])
    return None


def _mistake(client: Client, call: Call, holders: Mapping[str, Place | None]) -> Refused | None:
    if call.record_id not in holders:
        return Refused(answers.RECORD_DELETED, NO_RECORD.format(client.kind.word))
    if holders[call.record_id] is None:
        return Refused("no_contact", NO_HOLDER)
    return None


def _read_back(
    client: Client, calls: Sequence[Call], results: Sequence[Result], stand: Mapping[str, Sequence[Place]]
) -> list[Result]:
    """Whether each that is done stands on its record; where it does not, it is put there."""
    done = {
        at: remote_of(one.remote_id)
        for at, one in enumerate(results)
        if isinstance(one, Done) and one.remote_id is not None
    }
    try:
        made = [str(one.activity) for one in done.values() if one.activity not in stand]
        stand = {**stand, **activities.places(client, made)}
        amiss = _amiss(client, calls, done, stand)
        said = client.tell_all([activities.bind(str(done[at].activity), amiss[at], f"p{at}") for at in amiss])
    except ExchangeError as error:
        # They are logged, and where they stand is not known. Whoever only hears of the failure believes that nothing was sent.
        return [Unknown(str(error), str(done[at])) if at in done else one for at, one in enumerate(results)]
    found = list(results)
    for at, remote in done.items():
        failed = said.errors.get(f"p{at}")
        if remote.activity not in stand:
            found[at] = Unknown(NOT_THERE, str(remote))
        elif at in amiss and said.results.get(f"p{at}") is not True and (failed is None or failed.code != ALREADY):
            found[at] = Unknown(failed.words if failed else NOT_TOLD, str(remote))
    return found


def _amiss(
    client: Client, calls: Sequence[Call], done: Mapping[int, Remote], stand: Mapping[str, Sequence[Place]]
) -> dict[int, Place]:
    """Those that do not stand on their records, with these; where a record is gone, as after a merge, the call stays where
    Bitrix24 has put it."""
    own = {at: (client.kind.type_id, calls[at].record_id) for at in done}
    told = {at: stand.get(str(one.activity), [own[at]]) for at, one in done.items()}
    some = [at for at, places in told.items() if own[at] not in places and activities.UNTOLD not in places]
    there = rows.by_id(client, [calls[at].record_id for at in some], ["id"]) if some else {}
    return {at: own[at] for at in some if calls[at].record_id in there}


# Looking up -------------------------------------------------------------------------------------------------------------
def look_up(client: Client, calls: Sequence[Call]) -> list[Seen | None]:
    """As of ``crm.base.Calls``: in the statistics by their marks, and by what was known of them."""
    finished = statistics.found(client, [one.mark for one in calls])
    known = [remote_of(one.remote_id) if one.remote_id else None for one in calls]
    candidates = [
        [*finished[call.mark], *([remote] if remote else [])] for call, remote in zip(calls, known, strict=True)
    ]
    stand = activities.places(client, [one.activity for some in candidates for one in some if one.activity])
    found = {
        at: one
        for at, some in enumerate(candidates)
        if (one := next((one for one in some if one.activity in stand), None)) is not None
    }
    amiss = _amiss(client, calls, found, stand)
    own = {str(one.activity): (client.kind.type_id, calls[at].record_id) for at, one in found.items()}
    places = {id_: activities.best(place, stand[id_]) for id_, place in own.items()}
    notes = activities.notes(client, {id_: place for id_, place in places.items() if place[1]})
    seen: list[Seen | None] = []
    for at, call in enumerate(calls):
        remote = found.get(at)
        if remote is None:
            seen.append(None)
            continue
        ours = (call.mark, contents.version(contents.content(call)))
        same = contents.mark_of(notes.get(str(remote.activity))) == ours and at not in amiss
        seen.append(Seen(str(remote), same and bool(call.record_id), client.url(call.record_id)))
    return seen


# Removing ---------------------------------------------------------------------------------------------------------------
def remove(client: Client, remote_ids: Sequence[str]) -> list[Result]:
    """As of ``crm.base.Calls``: the activity. The statistics keep the call, and nobody can take it out there."""
    remotes = [remote_of(one) for one in remote_ids]
    begun = [one.call for one in remotes if one.activity is None]
    finished = statistics.found(client, begun, statistics.BY_CALL) if begun else {}
    wanted = [
        (text, one.activity or next((row.activity for row in finished[one.call] if row.activity), None))
        for text, one in zip(remote_ids, remotes, strict=True)
    ]
    return written(wanted, MOST, lambda part: _removed(client, part))


def _removed(client: Client, some: Sequence[tuple[str, str | None]]) -> list[Result]:
    commands = [Command(f"d{at}", activities.DELETE, {"id": one}) for at, (_, one) in enumerate(some) if one]
    said = client.tell_all(commands)
    results: list[Result] = []
    for at, (remote_id, activity) in enumerate(some):
        error = said.errors.get(f"d{at}")
        if activity is None or (error is not None and error.is_gone) or said.results.get(f"d{at}") is True:
            results.append(Done(remote_id))
        elif error is not None:
            results.append(client.of_record(error, activities.DELETE))
        else:
            results.append(Unknown(NOT_TOLD))
    return results

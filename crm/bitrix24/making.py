"""Making calls of the telephony, and correcting what is said of them. A step of ``telephony``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crm.base import Again, Call, Done, Refused, Result, Unknown
from crm.bitrix24 import activities, answers, contents, statistics, users
from crm.bitrix24.activities import Place
from crm.bitrix24.api import Answered, Client
from crm.bitrix24.commands import MOST, Command, earlier
from crm.bitrix24.kinds import KINDS
from crm.bitrix24.statistics import Remote, remote_of
from crm.halving import written
from lib.http.errors import ExchangeError

REGISTER, FINISH = "telephony.externalCall.register", "telephony.externalCall.finish"
REMEMBERED = 30 * 60.0  # seconds for which a call of the same mark is the same one
NOT_TOLD = "Bitrix24's answer does not tell of it."
NO_ACTIVITY = (
    "Bitrix24 has the call in its statistics, and made no activity of it, so that it stands on no record. Its settings of "
    "telephony say whether calls are shown in the CRM."
)
NO_NOTE = "The call is logged, and Bitrix24 takes no note of it. It says: {}"
REMEMBERS = "Bitrix24 still takes it for the call whose activity was deleted: it can be made anew after thirty minutes."
FORGOTTEN = "Bitrix24 knows it neither as begun nor as finished: it can be made anew after thirty minutes."


@dataclass(frozen=True)
class New:
    """One that is to be made. ``holder``: on whom it is registered; ``begun``: the id under which it is registered already."""

    call: Call
    holder: Place
    begun: str | None = None


@dataclass(frozen=True)
class _Ended:
    """One whose finishing was refused, and which may have been finished before. ``refused``: what becomes of it else."""

    call: str
    refused: Refused


def made(client: Client, some: Sequence[New]) -> list[Result]:
    """What came of each, before anybody has read back where it stands. An error's ``tried`` has those that were sent."""
    sent: list[str] = []

    def send(part: Sequence[New]) -> list[Result]:
        commands = [one for at, new in enumerate(part) for one in _commands(client, at, new)]
        sent[:] = [one.call.trace for one in part]
        return _made(client, part, commands)

    try:
        return written(some, int(client.settings["calls_per_batch"]), send)
    except ExchangeError as error:
        error.tried = frozenset(sent)
        raise


def _commands(client: Client, at: int, new: New) -> list[Command]:
    said, settings = contents.content(new.call), client.settings
    user = said["owner"] or users.by_email(client, said["owner_email"]) or settings["user_id"]
    user = user or users.own(client)["ID"]
    code = contents.code_of(said, settings["status_codes"])
    type_id, record_id = new.holder
    register = {
        "USER_ID": user,
        "PHONE_NUMBER": said["number"],
        "TYPE": said["type"],
        "CALL_START_DATE": said["begin"],
        "CRM_CREATE": 0,
        "CRM_ENTITY_TYPE": next(one.word.upper() for one in KINDS.values() if one.type_id == type_id),
        "CRM_ENTITY_ID": record_id,
        "SHOW": 0,
        "ADD_TO_CHAT": 0,
        "LINE_NUMBER": settings["line_number"],
        "EXTERNAL_CALL_ID": new.call.mark,
    }
    finish: dict[str, Any] = {
        "CALL_ID": new.begun or earlier(f"r{at}", "CALL_ID"),
        "USER_ID": user,
        "DURATION": said["seconds"],
        "STATUS_CODE": code,
        "ADD_TO_CHAT": 0,
    }
    reason = contents.reason_of(said, code)
    finish |= {"FAILED_REASON": reason} if reason else {}
    text = contents.marked(said, new.call.mark)
    note = activities.note(earlier(f"f{at}", "CRM_ACTIVITY_ID"), new.holder, text, f"n{at}")
    return [*([] if new.begun else [Command(f"r{at}", REGISTER, register)]), Command(f"f{at}", FINISH, finish), note]


def _made(client: Client, some: Sequence[New], commands: Sequence[Command]) -> list[Result]:
    said = client.tell_all(commands, alone=True)
    found = [_result(client, at, new, said) for at, new in enumerate(some)]
    ended = {at: one for at, one in enumerate(found) if isinstance(one, _Ended)}
    known: Mapping[int, Result] = {}
    if ended:
        try:
            known = _finished_before(client, some, ended)
        except ExchangeError as error:
            known = {at: Unknown(str(error), str(Remote(one.call))) for at, one in ended.items()}
    return [known[at] if isinstance(one, _Ended) else one for at, one in enumerate(found)]


def _result(client: Client, at: int, new: New, said: Answered) -> Result | _Ended:
    call = new.begun
    if call is None:
        if error := said.errors.get(f"r{at}"):
            return client.of_record(error, REGISTER)
        registered = said.results.get(f"r{at}")
        call = str(registered.get("CALL_ID") or "") if isinstance(registered, Mapping) else ""
        if not call:
            return Unknown(NOT_TOLD)
    begun = str(Remote(call))
    if error := said.errors.get(f"f{at}"):
        result = client.of_record(error, FINISH)
        return _Ended(call, result) if isinstance(result, Refused) else Unknown(result.answer or "", begun)
    finished = said.results.get(f"f{at}")
    if not isinstance(finished, Mapping):
        return Unknown(NOT_TOLD, begun)
    activity = statistics.id_of(finished.get("CRM_ACTIVITY_ID"))
    if activity is None:
        return Refused("no_activity", NO_ACTIVITY)
    remote = str(Remote(call, activity))
    if said.results.get(f"n{at}") is True:
        return Done(remote, client.url(new.call.record_id))
    error = said.errors.get(f"n{at}")
    if error is not None and isinstance(client.of_record(error, activities.SAVE_NOTE), Refused):
        return Done(remote, client.url(new.call.record_id), NO_NOTE.format(error.words))
    return Unknown(error.words if error else NOT_TOLD, remote)


def _finished_before(client: Client, some: Sequence[New], ended: Mapping[int, _Ended]) -> dict[int, Result]:
    """What was finished already is done as soon as its note is; what was not is refused, as Bitrix24 has said."""
    finished = statistics.found(client, [one.call for one in ended.values()], statistics.BY_CALL)
    stand = activities.places(client, [row.activity for rows in finished.values() for row in rows if row.activity])
    found: dict[int, Result] = {}
    again: list[int] = []
    for at, one in ended.items():
        row = next(iter(finished[one.call]), None)
        is_gone = one.refused.reason == answers.RECORD_DELETED
        if row is None and is_gone and some[at].begun is not None:
            again.append(at)
        elif row is None:
            found[at] = Again(FORGOTTEN, REMEMBERED) if is_gone else one.refused
        elif row.activity is None:
            found[at] = Refused("no_activity", NO_ACTIVITY)
        elif row.activity not in stand:
            found[at] = Again(REMEMBERS, REMEMBERED)
        else:
            found[at] = corrected(client, [replace(some[at].call, remote_id=str(row))], stand)[0]
    # Registered so long ago that Bitrix24 has forgotten it, and never finished.
    anew = [replace(some[at], begun=None) for at in again]
    commands = [one for at, new in enumerate(anew) for one in _commands(client, at, new)]
    return found | dict(zip(again, _made(client, anew, commands) if anew else [], strict=True))


def corrected(client: Client, calls: Sequence[Call], stand: Mapping[str, Sequence[Place]]) -> list[Result]:
    """Another note in the place of the one that is there: what was registered cannot be changed. ``stand``: activity -> the
    records on which it stands."""
    return written(calls, MOST, lambda part: _noted(client, part, stand))


def _noted(client: Client, some: Sequence[Call], stand: Mapping[str, Sequence[Place]]) -> list[Result]:
    commands = []
    for at, call in enumerate(some):
        activity = str(remote_of(str(call.remote_id)).activity)
        place = activities.best((client.kind.type_id, call.record_id), stand[activity])
        text = contents.marked(contents.content(call), call.mark)
        commands.append(activities.note(activity, place, text, f"n{at}"))
    said = client.tell_all(commands)
    results: list[Result] = []
    for at, call in enumerate(some):
        error = said.errors.get(f"n{at}")
        if said.results.get(f"n{at}") is True:
            results.append(Done(call.remote_id, client.url(call.record_id)))
        else:
            results.append(client.of_record(error, activities.SAVE_NOTE) if error else Unknown(NOT_TOLD))
    return results

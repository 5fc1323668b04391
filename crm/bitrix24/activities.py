"""Activities: what people see of a registered call on its record, and the note on each that says what was talked about.

apidocs.bitrix24.com: "crm.activity.binding.list" tells on which records an activity stands, "crm.timeline.note.save" writes its
only note, and writes over the one before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm.bitrix24.api import Client
from crm.bitrix24.commands import Command

BINDINGS, BIND, DELETE = "crm.activity.binding.list", "crm.activity.binding.add", "crm.activity.delete"
SAVE_NOTE, GET_NOTE = "crm.timeline.note.save", "crm.timeline.note.get"
OF_ACTIVITY = 2  # the type of what a note stands on
Place = tuple[int, str]  # (type, id) of a record
UNTOLD: Place = (0, "")  # where it stands Bitrix24 does not say


def places(client: Client, ids: Iterable[str]) -> dict[str, list[Place]]:
    """Activity -> the records on which it stands, of those activities that are there. Raises ExchangeError."""
    wanted = list(dict.fromkeys(ids))
    said = client.ask_all([Command(f"b{id_}", BINDINGS, {"activityId": id_}) for id_ in wanted], each=True)
    found: dict[str, list[Place]] = {}
    for id_ in wanted:
        error = said.errors.get(f"b{id_}")
        if error is None:
            some = client.rows(said.results.get(f"b{id_}"), BINDINGS)
            found[id_] = [(int(one["entityTypeId"]), str(one["entityId"])) for one in some if one.get("entityId")]
        elif not error.is_gone:
            found[id_] = [UNTOLD]
    return found


def note(activity: Any, place: Place, text: str, key: str) -> Command:
    """What writes the note. ``activity``: its id, or what an earlier command answers."""
    return Command(key, SAVE_NOTE, {**_on(activity, place), "text": text})


def notes(client: Client, some: Mapping[str, Place]) -> dict[str, str]:
    """Activity -> its note, of those that have one. Raises ExchangeError."""
    said = client.ask_all([Command(f"t{id_}", GET_NOTE, _on(id_, place)) for id_, place in some.items()], each=True)
    told = {id_: said.results.get(f"t{id_}") for id_ in some}
    return {id_: str(one["text"]) for id_, one in told.items() if isinstance(one, Mapping) and one.get("text")}


def bind(activity: str, place: Place, key: str) -> Command:
    """What puts it on the record besides."""
    return Command(key, BIND, {"activityId": activity, "entityTypeId": place[0], "entityId": place[1]})


def best(own: Place, some: Sequence[Place]) -> Place:
    """The record itself where the activity stands on it, or nobody can tell; else where Bitrix24 has put it, as after a merge."""
    return own if own in some or not some or UNTOLD in some else some[0]


def _on(activity: Any, place: Place) -> dict[str, Any]:
    return {"ownerTypeId": place[0], "ownerId": place[1], "itemType": OF_ACTIVITY, "itemId": activity}

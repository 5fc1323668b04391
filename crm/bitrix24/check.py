"""``wrapup crm check``: whether the account has everything that the destination needs, and what to do where it has not."""

from collections.abc import Iterator, Mapping, Sequence

from crm.base import Line
from crm.bitrix24 import calls, refusals, rows, searching, settable, statistics, users
from crm.bitrix24.api import Client
from crm.bitrix24.kinds import DEALS
from crm.bitrix24.settable import Field
from crm.destination import NUMBER, REFERENCE, Destination
from crm.lines import SOMEBODY, Part, checked, line, owners, some, there_is, used

LINES, ADD_LINE = "telephony.externalLine.get", "telephony.externalLine.add"
NO_MARK = "wrapup-check"


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``. With ``repair`` the line of the telephony is made."""
    parts: list[Part] = [lambda: _records(client)]
    if destination.log_calls and calls.way(client.settings) == calls.TELEPHONY:
        parts += [lambda: _line(client, repair), lambda: _statistics(client)]
    if REFERENCE in destination.find_by and client.settings["reference_field"]:
        parts.append(lambda: _reference(client))
    if NUMBER in destination.find_by:
        parts.append(lambda: _search(client))
    if destination.status:
        parts.append(lambda: _statuses(client, destination))
    if refusals.wanted(destination):
        parts.append(lambda: there_is("There is the field that says whom not to call", lambda: refusals.check(client)))
    parts.append(lambda: _owners(client, destination))
    return checked("Bitrix24", f"The {_which(client)} is valid", lambda: _whose(client), parts)


def _which(client: Client) -> str:
    return "app's token" if client.is_app else "webhook"


def _whose(client: Client) -> str:
    user = users.own(client)
    name = " ".join(str(user[part]) for part in ("NAME", "LAST_NAME") if user.get(part))
    return f"The {_which(client)} is valid, of {name or 'the user'} ({user['ID']}) at {client.host}"


def _records(client: Client) -> Iterator[Line]:
    rows.by_id(client, ["1"], ["id"])
    yield Line(f"{client.kind.name.title()} can be read", True)


def _line(client: Client, repair: bool) -> Iterator[Line]:
    number = client.settings["line_number"]
    there, _ = client.ask_list(LINES, {})
    found = next((one for one in there if str(one.get("NUMBER")) == number), None)
    if found is None and repair:
        client.tell(ADD_LINE, {"NUMBER": number, "NAME": "Wrapup", "CRM_AUTO_CREATE": "N"})
        found = {"CRM_AUTO_CREATE": "N"}
    todo = (
        f"The app has {some([one.get('NUMBER') for one in there])}. Make it with --create-properties, or name another."
    )
    yield line(f"There is the telephony line {number}", found is not None, todo)
    if found is not None:
        makes_none = found.get("CRM_AUTO_CREATE") != "Y"
        todo = "Switch it off (CRM_AUTO_CREATE): else Bitrix24 makes a lead of each call that it finds nobody for."
        yield line(f"The line {number} makes no leads by itself", makes_none, todo)


def _statistics(client: Client) -> Iterator[Line]:
    statistics.found(client, [NO_MARK])
    yield Line("The statistics of calls can be read", True)


def _reference(client: Client) -> Iterator[Line]:
    name = client.settings["reference_field"]
    known = settable.of(client)
    todo = f"Check reference_field; there are {some(sorted(known))}."
    yield line(f"{client.kind.name.title()} have the field {name}", name in known, todo)


def _search(client: Client) -> Iterator[Line]:
    searching.found(client, [SOMEBODY])
    yield Line(f"{client.kind.name.title()} can be searched by number", True)


# What is set ------------------------------------------------------------------------------------------------------------
def _statuses(client: Client, destination: Destination) -> Iterator[Line]:
    known = settable.of(client)
    for name, values in used(destination).items():
        yield from _field(client, name, values, known)
    if client.kind.name == DEALS:
        sets = [rule.sets for rule in destination.status if settable.STAGE in rule.sets]
        yield from _stages(client, sets, destination.never_back.get(settable.STAGE, ()))


def _field(client: Client, name: str, wanted: Sequence[str], known: Mapping[str, Field]) -> Iterator[Line]:
    found = known.get(name)
    if found is None:
        yield Line(
            f"{client.kind.name.title()} have the field {name}", False, f"It can be one of {some(sorted(known))}."
        )
        return
    if found.options is None:
        yield Line(f"{client.kind.name.title()} have the field {name}", True)
        return
    missing = [one for value in wanted for one in settable.lacking(found, value)]
    has = some([f"{id_} ({label})" for id_, label in found.options.items()])
    what = f"{name} has the options that are used" if not missing else f"{name} has the options {some(missing)}"
    yield line(what, not missing, f"It has {has}. The id is needed, not what people call it.")


def _stages(client: Client, sets: Sequence[Mapping[str, str]], together: Sequence[str]) -> Iterator[Line]:
    known = settable.stages(client)
    ours = client.settings["category_id"]
    for one in sets:
        stage, wanted = one[settable.STAGE], one.get(settable.CATEGORY) or ("" if ours is None else str(ours))
        if wanted and stage in known and known[stage].category != wanted:
            todo = f"It is one of {known[stage].category}. Name a stage of {wanted}, or another pipeline."
            yield Line(f"The stage {stage} is one of the pipeline {wanted}", False, todo)
    used = [*(one[settable.STAGE] for one in sets if settable.CATEGORY not in one), *together]
    pipelines = sorted({known[one].category for one in used if one in known})
    if len(pipelines) > 1:
        todo = f"They are of the pipelines {some(pipelines)}. A deal of another one than its stage's is refused."
        yield Line("The stages are of one pipeline", False, f"{todo} Make a destination for each, with category_id.")


def _owners(client: Client, destination: Destination) -> Iterator[Line]:
    known = users.active(client)
    yield from owners("user", known, destination)

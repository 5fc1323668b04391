"""``wrapup crm check``: whether the account has everything that the destination needs, and what to do where it has not."""

from collections.abc import Iterator, Mapping, Sequence

from crm.base import Line
from crm.destination import NUMBER, REFERENCE, Destination
from crm.lines import SOMEBODY, Part, checked, line, owners, some, there_is, used
from crm.pipedrive import activities, logs, refusals, searching, settable
from crm.pipedrive.api import ME, Client
from crm.pipedrive.kinds import DEALS
from crm.pipedrive.settable import Field
from crm.values import ordered


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``. Nothing is written, and there is nothing to repair: Pipedrive needs no field of ours."""
    parts: list[Part] = []
    if destination.log_calls:
        parts += [lambda: _logs(client), lambda: _outcomes(client)]
    if REFERENCE in destination.find_by and client.settings["reference_field"]:
        parts.append(lambda: _reference(client))
    if NUMBER in destination.find_by:
        parts.append(lambda: _search(client))
    if destination.status:
        parts.append(lambda: _statuses(client, destination))
    if refusals.wanted(destination):
        parts.append(lambda: there_is("There is the filter of whom not to call", lambda: refusals.check(client)))
    parts += [lambda: _owners(client, destination), lambda: _tokens(client)]
    return checked("Pipedrive", "The token is valid", lambda: _whose(client), parts)


def _whose(client: Client) -> str:
    user = client.user()
    return f"The token is valid, of {user.name} at the company {user.company} ({user.domain or 'no domain'})"


def _logs(client: Client) -> Iterator[Line]:
    client.ask_list(logs.ADDRESS, {"limit": "1"})
    yield Line("Call logs can be read", True)
    client.ask_list(activities.ADDRESS, {"limit": "1"})
    yield Line("Activities can be read", True)


def _outcomes(client: Client) -> Iterator[Line]:
    chosen = client.settings["outcomes"]
    said = ", ".join(f"{key} is {word}" for key, word in chosen.items())
    yield Line(f"Outcomes are set as documented{f', and {said}' if said else ''}", True)


def _reference(client: Client) -> Iterator[Line]:
    name = client.settings["reference_field"]
    found = settable.of(client).get(name)
    fine = found is not None and found.custom
    yield line(f"There is the custom field {name}", fine, f"Check reference_field; there are {_custom(client)}.")


def _search(client: Client) -> Iterator[Line]:
    searching.found(client, [SOMEBODY])
    yield Line("Persons can be searched by number", True)


# What is set ------------------------------------------------------------------------------------------------------------
def _statuses(client: Client, destination: Destination) -> Iterator[Line]:
    known = settable.of(client)
    for name, values in used(destination).items():
        yield from _field(client, name, values, known)
    if client.kind.name == DEALS:
        sets = [rule.sets for rule in destination.status if settable.STAGE in rule.sets]
        together = list(destination.never_back.get(settable.STAGE, ()))
        if sets or together:
            yield from _stages(client, sets, together)


def _field(client: Client, name: str, wanted: Sequence[str], known: Mapping[str, Field]) -> Iterator[Line]:
    found = known.get(name)
    if found is None:
        has = some(sorted(known))
        yield Line(f"{client.kind.name.title()} have the field {name}", False, f"It can be one of {has}.")
        return
    for value in wanted:
        try:
            settable.written({name: Field(name, found.type, found.custom)}, {name: value})
        except ValueError as error:
            yield Line(f"{name} can be {value}", False, str(error))
        if found.type in ("wholes", "texts") and ordered(value) != value:
            todo = f"They are compared as {ordered(value)}: write them so."
            yield Line(f"{name} is written in order, as {value}", False, todo)
    if found.options is None:
        yield Line(f"{client.kind.name.title()} have the field {name}", True)
        return
    missing = [one for value in wanted for one in settable.lacking(found, value)]
    has = some([f"{id_} ({label})" for id_, label in found.options.items()])
    what = f"{name} has the options that are used" if not missing else f"{name} has the options {some(missing)}"
    yield line(what, not missing, f"It has {has}. The id is needed, not what people call it.")


def _stages(client: Client, sets: Sequence[Mapping[str, str]], together: Sequence[str]) -> Iterator[Line]:
    known = settable.stages(client)
    has = some([f"{id_} ({name}, pipeline {pipeline})" for id_, (pipeline, name) in known.items()])
    used = list(dict.fromkeys([*(one[settable.STAGE] for one in sets), *together]))
    missing = [one for one in used if one and one not in known]
    yield line(f"There are the stages {some(used)}", not missing, f"There is no {some(missing)}; there are {has}.")
    ours = client.settings["pipeline_id"]
    for one in sets:
        stage = one[settable.STAGE]
        wanted = one.get(settable.PIPELINE) or (str(ours) if ours else None)
        if wanted and stage in known and known[stage][0] != wanted:
            todo = f"It is one of the pipeline {known[stage][0]}. Name a stage of {wanted}, or another pipeline_id."
            yield Line(f"The stage {stage} is one of the pipeline {wanted}", False, todo)
    pipelines = sorted({known[one][0] for one in used if one in known})
    if len(pipelines) > 1 and not all(settable.PIPELINE in one for one in sets):
        todo = f"They are of the pipelines {some(pipelines)}. A deal of another one than its stage's is refused."
        yield Line("The stages are of one pipeline", False, f"{todo} Make a destination for each, with pipeline_id.")


def _owners(client: Client, destination: Destination) -> Iterator[Line]:
    known = client.users()
    yield from owners("user", known, destination)
    if destination.log_calls:
        others = client.user().chooses_owners
        what = "Calls can be logged for other users" if others else "Calls are logged for the token's own user alone"
        todo = "Its user may not see the account's settings. Take the token of one who may, or leave owners out."
        yield line(what, others or not destination.owners, todo)


def _tokens(client: Client) -> Iterator[Line]:
    client.ask_one(ME)
    told = client.day.told()
    if told is None:
        yield Line("Pipedrive does not say how many tokens of the day are left", True)
        return
    kept = client.settings["keep_tokens_percent"]
    limit, left = told
    todo = f"{kept} % are left to others (keep_tokens_percent). Wait for the day's end, or buy more."
    yield line(f"{left} of the day's {limit} tokens are left", left > limit * kept // 100, todo)


def _custom(client: Client) -> str:
    return some(sorted(name for name, one in settable.of(client).items() if one.custom))

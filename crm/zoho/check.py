"""``wrapup crm check``: whether the account has everything that the destination needs, and what to do where it has not."""

from collections.abc import Iterator, Mapping, Sequence

from crm.base import Line
from crm.destination import NUMBER, REFERENCE, Destination
from crm.lines import SOMEBODY, Part, checked, line, owners, some, there_is, used
from crm.zoho import contents, metadata, refusals, searching
from crm.zoho.api import CALLS, ORG, Client, address
from crm.zoho.metadata import Field
from lib.http.errors import ExchangeError

VALID = "The tokens are valid, in the data centre that data_center names"


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``."""
    parts: list[Part] = []
    if destination.log_calls:
        parts += [lambda: _our_field(client, repair), lambda: _calls(client)]
    if REFERENCE in destination.find_by and client.settings["reference_field"]:
        parts.append(lambda: _reference(client))
    if NUMBER in destination.find_by:
        parts.append(lambda: _search(client))
    if destination.status:
        parts.append(lambda: _statuses(client, destination))
    if refusals.wanted(destination):
        parts.append(
            lambda: there_is(
                "There is the field that says whom not to call", lambda: next(iter(refusals.listed(client)), None)
            )
        )
    parts += [lambda: _owners(client, destination), lambda: _credits(client)]
    return checked("Zoho", VALID, lambda: _whose(client), parts)


def _whose(client: Client) -> str:
    org = client.org()
    return f"The tokens are valid, of the account {org['id']} ({org.get('company_name')}, {client.center})"


def _our_field(client: Client, repair: bool) -> Iterator[Line]:
    name = client.unique
    if name is None:
        yield Line("Our mark stands in the description of a call, since unique_field is empty", True)
        return
    what = f"Calls have the unique field {name}"
    found = metadata.read(client, CALLS).get(name)
    if found is None and repair:
        try:
            metadata.make_unique(client, name)
        except ExchangeError as error:
            yield Line(what, False, f"It could not be made: {error}")
            return
        found = metadata.read(client, CALLS).get(name)
    if found is None:
        todo = f"Run `wrapup crm check {client.name} --create-properties`, or make it in Zoho: one line, no duplicates."
        yield Line(what, False, f'{todo} Or set unique_field = "".')
    else:
        yield line(
            what, found.unique, "It is there, and takes duplicates. Tick 'Do not allow duplicate values' in Zoho."
        )


def _calls(client: Client) -> Iterator[Line]:
    client.ask_list(address(CALLS), {"fields": contents.SUBJECT, "per_page": "1"})
    yield Line("Calls can be read", True)
    chosen = client.settings["results"]
    found = metadata.of(client, CALLS).get(contents.RESULT)
    if not chosen or found is None or found.options is None:
        yield line(
            "Calls have a result", found is not None or not chosen, "Leave results out: there is no Call_Result."
        )
        return
    known = {name.strip().casefold() for pair in found.options.items() for name in pair}
    for key, wanted in chosen.items():
        fine = wanted.strip().casefold() in known
        yield line(f"There is the result {wanted} (of {key})", fine, f"Zoho has {some(list(found.options))}.")


def _reference(client: Client) -> Iterator[Line]:
    name = client.settings["reference_field"]
    for module in client.modules:
        fine = name in metadata.of(client, module)
        yield line(
            f"{module} have the field {name}", fine, "Check reference_field, or leave the module out of records."
        )


def _search(client: Client) -> Iterator[Line]:
    searching.by_number(client, SOMEBODY)
    yield Line(f"{' and '.join(client.modules)} can be searched by number", True)


# What is set ------------------------------------------------------------------------------------------------------------
def _statuses(client: Client, destination: Destination) -> Iterator[Line]:
    for name, values in used(destination).items():
        holders = [module for module in client.modules if name in metadata.of(client, module)]
        if not holders:
            has = some(sorted(one for module in client.modules for one in metadata.of(client, module)))
            yield Line(f"{' or '.join(client.modules)} have the field {name}", False, f"There are {has}.")
        for module in holders:
            yield from _field(module, metadata.of(client, module)[name], values)


def _field(module: str, found: Field, values: Sequence[str]) -> Iterator[Line]:
    name = found.name
    settable = found.type in metadata.WRITTEN and found.writable
    yield line(f"{module}' field {name} can be set", settable, "Zoho sets it by itself. Set another one.")
    missing = [one for value in values for one in metadata.lacking(found, value)]
    if found.options is not None:
        has = some([value if value == label else f"{value} ({label})" for value, label in found.options.items()])
        what = f"{name} of {module} has the options {'that are used' if not missing else some(missing)}"
        yield line(what, not missing, f"It has {has}. What Zoho calls the actual value is needed.")
        return
    for value in values if settable else ():
        try:
            metadata.written(module, {name: found}, {name: value})
        except ValueError as error:
            yield Line(f"{name} can be {value}", False, str(error))


def _owners(client: Client, destination: Destination) -> Iterator[Line]:
    known: Mapping[str, str] = client.users()
    yield from owners("user", known, destination)


def _credits(client: Client) -> Iterator[Line]:
    client.ask(ORG)
    left, kept = client.credits.left(), client.settings["keep_credits"]
    if left is None:
        yield Line("Zoho does not say how many credits are left: fewer than half are used", True)
        return
    todo = f"{kept} are left to others (keep_credits). They come back over 24 hours; more can be bought."
    yield line(f"{left} credits are left", left > kept, todo)

"""``wrapup crm check``: whether the org has everything that the destination needs, and what to do where it has not."""

from collections.abc import Iterator, Mapping, Sequence

from crm.base import Line, NotSetUp
from crm.destination import NUMBER, REFERENCE, Destination
from crm.lines import SOMEBODY, Part, checked, line, some, used
from crm.salesforce import contents, ids, refusals, searching, settable, tasks
from crm.salesforce.api import ORGANIZATION, Client
from crm.salesforce.calls import SUBTYPE
from crm.salesforce.settable import Field
from lib.text import many

MAKE = (
    "Make it in Setup, Object Manager, Activity, Fields: Text of 64 characters, External ID, and let the profile of the app's "
    'user read and edit it; or set external_id_field = "", and our id stands in CallObject alone.'
)


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``. Nothing is written or repaired: whoever makes a field must also say who may see it."""
    parts: list[Part] = []
    if destination.log_calls:
        parts += [lambda: _zone(client), lambda: _task(client)]
    if REFERENCE in destination.find_by and client.settings["reference_field"]:
        parts.append(lambda: _reference(client))
    if NUMBER in destination.find_by:
        parts.append(lambda: _search(client))
    if destination.status:
        parts.append(lambda: _statuses(client, destination))
    if refusals.wanted(destination):
        parts.append(lambda: _refusals(client))
    parts += [lambda: _owners(client, destination), lambda: _requests(client)]
    return checked("Salesforce", "The credentials are valid", lambda: _whose(client), parts)


def _whose(client: Client) -> str:
    rows = client.query(ORGANIZATION)
    return f"The credentials are valid, of the org {rows[0].get('Id') if rows else 'that does not say its id'}"


def _zone(client: Client) -> Iterator[Line]:
    try:
        yield Line(f"Calls are dated in {client.zone().key}", True)
    except NotSetUp as error:
        yield Line("Calls can be dated", False, str(error))


def _task(client: Client) -> Iterator[Line]:
    known = settable.of(client, tasks.TASK)
    if known is None:
        yield Line("Tasks' fields are told", False, "The app's user needs the right to read and edit Tasks.")
        return
    if client.unique is not None:
        found = known.get(client.unique)
        what = f"Tasks have the external id {client.unique}"
        yield line(what, found is not None and found.external and found.makeable, MAKE)
    own = client.settings
    given = [contents.SUBJECT, "Status", *tasks.PLACE]
    given += [one for one in (*contents.OURS[1:], contents.MARK, SUBTYPE, "Priority") if one not in own["leave_out"]]
    missing = [name for name in given if name not in known or not known[name].makeable]
    todo = "Let the app's user edit them, or name those in leave_out that the org does without."
    yield line(
        f"Tasks' fields {some(missing)} can be written" if missing else "Tasks' fields can be written",
        not missing,
        todo,
    )
    for setting, name in (("task_status", "Status"), ("task_priority", "Priority")):
        if name in known and name not in own["leave_out"]:
            yield from _options(tasks.TASK, known[name], [own[setting]], f"Check {setting}.")


def _reference(client: Client) -> Iterator[Line]:
    name = client.settings["reference_field"]
    for kind in client.settings["records"]:
        known = settable.of(client, kind) or {}
        todo = "Check reference_field, and whether the app's user sees it."
        yield line(f"{kind}s have the field {name}", name in known, todo)


def _search(client: Client) -> Iterator[Line]:
    for kind in client.settings["records"]:
        named = client.settings["contact_phones" if kind == ids.CONTACT else "lead_phones"]
        seen = searching.phones(client, kind)
        missing = [name for name in named if name not in seen]
        what = f"{kind}s have the numbers {some(missing if missing else named)}"
        setting = "contact_phones" if kind == ids.CONTACT else "lead_phones"
        yield line(what, not missing, f"Let the app's user see them, or leave them out of {setting}.")
    searching.found(client, [SOMEBODY])
    yield Line("Records can be searched by number", True)


def _refusals(client: Client) -> Iterator[Line]:
    refusals.check(client)
    yield Line(f"Contacts and leads tell {refusals.FIELD}", True)


# What is set ------------------------------------------------------------------------------------------------------------
def _statuses(client: Client, destination: Destination) -> Iterator[Line]:
    objects = {kind: settable.of(client, kind) or {} for kind in client.settings["records"]}
    for name, values in used(destination).items():
        having = {kind: known[name] for kind, known in objects.items() if name in known}
        if not having:
            todo = f"{' and '.join(objects)} have no such field that the app's user sees."
            yield Line(f"There is the field {name}", False, f"{todo} Check its spelling, and the user's rights.")
        for kind, field in having.items():
            yield from _field(kind, field, values)


def _field(kind: str, field: Field, values: Sequence[str]) -> Iterator[Line]:
    yield line(f"{field.name} of {kind}s can be set", field.writable, "Let the app's user edit it, or set another one.")
    if field.values is not None:
        yield from _options(kind, field, values, "The API name is needed, not the label.")
        return
    known: Mapping[str, Field] = {field.name: field}
    for value in values if field.writable else ():
        try:
            settable.written(known, kind, {field.name: value})
        except ValueError as error:
            yield Line(f"{field.name} can be {value}", False, str(error))


def _options(kind: str, field: Field, values: Sequence[str], todo: str) -> Iterator[Line]:
    missing = [one for value in values for one in settable.lacking(field, value)]
    what = f"{field.name} of {kind}s has the options that are used"
    what = what if not missing else f"{field.name} of {kind}s has the options {some(missing)}"
    yield line(what, not missing, f"It has {some(field.values or ())}. {todo}")


def _owners(client: Client, destination: Destination) -> Iterator[Line]:
    wanted = list(dict.fromkeys(destination.owners.values()))
    fitting = [one for one in wanted if len(one) in (15, 18) and one.isalnum()]
    rows = client.among("SELECT Id, IsActive FROM User WHERE Id IN", fitting)
    active = {ids.key(str(row.get("Id"))) for row in rows if row.get("IsActive") is not False}
    for agent, owner in destination.owners.items():
        todo = "There is no active user of this id. It begins with 005."
        yield line(f"There is the user {owner} (of {agent})", ids.key(owner) in active, todo)


def _requests(client: Client) -> Iterator[Line]:
    told = client.usage.told()
    if told is None:
        yield Line("Salesforce does not say how many requests are left", True)
        return
    used, limit = told
    kept = client.settings["keep_requests_percent"]
    todo = f"{kept} % are left to others (keep_requests_percent). They come back within 24 hours."
    what = f"{max(limit - used, 0)} of the org's {many(limit, 'request')} of 24 hours are left"
    yield line(what, limit - used > limit * kept // 100, todo)

"""``wrapup crm check``: whether the account has everything that the destination needs, and what to do where it has not."""

from collections.abc import Iterator, Mapping, Sequence

from crm.base import Line, NotSetUp
from crm.destination import NUMBER, REFERENCE, Destination
from crm.halving import WholeRefused
from crm.hubspot import properties, searching
from crm.hubspot.api import CALLS, CONTACTS, OWNERS, Client, following_page, records
from crm.hubspot.properties import Property
from crm.lines import SOMEBODY, Part, checked, line, owners, some, used
from lib.http.errors import CredentialsRefused, ExchangeError

INFO = "/oauth/v2/private-apps/get/access-token-info"
READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"  # calls have no scopes of their own
OWNER_SCOPE = "crm.objects.owners.read"
LOOK, MAKE = "crm.schemas.contacts.read", "crm.schemas.contacts.write"
MOST_PAGES = 50  # of owners


def check(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    """As of ``crm.base.Crm``."""
    parts: list[Part] = [lambda: _scopes(client, destination, repair)]
    if destination.log_calls:
        parts += [lambda: _our_property(client, repair), lambda: _dispositions(client)]
    if REFERENCE in destination.find_by and client.settings["reference_property"]:
        parts.append(lambda: _reference(client))
    if NUMBER in destination.find_by:
        parts.append(lambda: _search(client))
    if destination.status:
        parts.append(lambda: _statuses(client, destination))
    parts.append(lambda: _owners(client, destination))
    return checked("HubSpot", "The access token is valid", lambda: _whose(client), parts)


def _whose(client: Client) -> str:
    said = client.details()
    return f"The access token is valid, of the account {said.get('portalId')} ({said.get('timeZone')})"


def _scopes(client: Client, destination: Destination, repair: bool) -> Iterator[Line]:
    needed = [READ, *([WRITE] if destination.log_calls or destination.status else []), OWNER_SCOPE, LOOK]
    needed += [MAKE] if repair and destination.log_calls else []
    try:
        said = client.ask(INFO, {"tokenKey": client.token()})
        scopes = said.get("scopes") if isinstance(said, Mapping) else None
    except (NotSetUp, WholeRefused):
        scopes = None
    if not isinstance(scopes, list):
        # HubSpot tells scopes of some kinds of tokens only. What can be read is seen below; nothing is written to try.
        yield Line("The access token's scopes are not told by HubSpot; what it may read is seen below", True)
        return
    for scope in needed:
        yield line(f"The access token has the scope {scope}", scope in scopes, "Add it to the app or service key.")


def _our_property(client: Client, repair: bool) -> Iterator[Line]:
    name = client.unique
    known = properties.of(client, CALLS)
    found = known.get(name)
    if found is None and repair:
        try:
            properties.make(client, known)
        except ExchangeError as error:
            yield Line(f"Calls have the unique property {name}", False, f"It could not be made: {error}")
            return
        found = properties.of(client, CALLS).get(name)
    what = f"Calls have the unique property {name}"
    if found is None:
        yield Line(what, False, f"Run `wrapup crm check {client.name} --create-properties`, which makes it.")
    elif not found.unique:
        yield Line(
            what, False, "It is there, and not unique, which cannot be changed. Set unique_property to a new name."
        )
    else:
        yield Line(what, True)


def _dispositions(client: Client) -> Iterator[Line]:
    listed = client.listed_dispositions()
    labels = sorted(label for label, _ in listed)
    yield Line(f"Dispositions can be read: {some(labels)}", True)
    known = {label.casefold() for label in labels} | {id_ for _, id_ in listed}
    for key, wanted in client.settings["dispositions"].items():
        fine = wanted in known or wanted.strip().casefold() in known
        yield line(f"The account has the disposition {wanted} (of {key})", fine, f"It has {some(labels)}.")


def _reference(client: Client) -> Iterator[Line]:
    name = client.settings["reference_property"]
    found = properties.of(client, CONTACTS).get(name)
    fine = found is not None and (found.unique or name == "email")
    yield line(f"Contacts have the unique property {name}", fine, "Check reference_property.")


def _search(client: Client) -> Iterator[Line]:
    try:
        searching.found(client, [SOMEBODY])
    except CredentialsRefused as error:
        yield Line("Contacts can be searched by number", False, str(error))
        return
    yield Line("Contacts can be searched by number", True)


def _statuses(client: Client, destination: Destination) -> Iterator[Line]:
    known = properties.of(client, CONTACTS)
    for name, values in used(destination).items():
        yield from _field(name, values, known)


def _field(name: str, wanted: Sequence[str], known: Mapping[str, Property]) -> Iterator[Line]:
    found = known.get(name)
    if found is None:
        yield Line(f"Contacts have the property {name}", False, "Check [destinations.*.status] and its spelling.")
        return
    yield line(f"Contacts' property {name} can be set", found.writable, "HubSpot sets it by itself. Set another one.")
    missing = [value for value in wanted if value and found.options is not None and value not in found.options]
    if found.options is not None:
        has = some(sorted(found.options))
        what = f"{name} has the options that are used" if not missing else f"{name} has the options {some(missing)}"
        yield line(what, not missing, f"It has {has}. The internal value is needed, not the label.")


def _owners(client: Client, destination: Destination) -> Iterator[Line]:
    known = _all_owners(client, set(destination.owners.values()))
    yield from owners("owner", known, destination)


def _all_owners(client: Client, wanted: set[str]) -> dict[str, str]:
    """Owners' ids and e-mail, as far as they have to be read to see those that are wanted."""
    found: dict[str, str] = {}
    after: str | None = None
    for _ in range(MOST_PAGES):
        said = client.ask(OWNERS, params={"limit": "100", **({"after": after} if after else {})})
        found |= {str(one["id"]): str(one.get("email")) for one in records(said) if one.get("archived") is not True}
        after = following_page(said)
        if after is None or (wanted and wanted <= found.keys()):
            break
    return found

"""Whom Salesforce says not to call: contacts and open leads whose field DoNotCall is set. A question in SOQL is not late."""

from collections.abc import Iterable, Mapping, Sequence

from crm.base import NotSetUp, Refusing
from crm.destination import Destination
from crm.salesforce import ids, rows, searching, settable
from crm.salesforce.api import Client

FIELD = "DoNotCall"
SAYS = "Salesforce says so: DoNotCall is set."


def wanted(destination: Destination) -> bool:
    """As of ``crm.base.Refusals``."""
    return bool(destination.settings["do_not_call"])


def listed(client: Client) -> Iterable[Sequence[Refusing]]:
    """As of ``crm.base.Refusals``."""
    check(client)
    for kind in ids.PEOPLE:
        shown = ", ".join(["Id", *searching.phones(client, kind)])
        open_ones = " AND IsConverted = false" if kind == ids.LEAD else ""
        for page in client.pages(f"SELECT {shown} FROM {kind} WHERE {FIELD} = true{open_ones}"):
            client.begin()
            yield [Refusing(str(row["Id"]), searching.numbers(client, row), SAYS) for row in page if row.get("Id")]


def still(client: Client, wanted: Sequence[str]) -> Mapping[str, bool]:
    """As of ``crm.base.Refusals``. Who is deleted, or was converted, has taken nothing back."""
    check(client)
    found = rows.by_id(client, wanted, {kind: (FIELD,) for kind in ids.PEOPLE})
    return {one: found.get(ids.key(one), {FIELD: True}).get(FIELD) is True for one in wanted}


def check(client: Client) -> None:
    """Raises NotSetUp where the app's user does not see the field: then nobody would be listed any more."""
    for kind in ids.PEOPLE:
        known = settable.of(client, kind)
        if known is not None and FIELD not in known:
            raise NotSetUp(f"The app's user does not see {FIELD} of {kind}s (do_not_call).")

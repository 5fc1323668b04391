"""Whom Pipedrive says not to call: persons that a filter of the company shows.

developers.pipedrive.com, "Get all persons": ``filter_id``, 500 at once, each page with a cursor to the next. Which persons a
filter shows is not searched for, so it is not late.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crm.base import NotSetUp, Refusing
from crm.destination import Destination
from crm.halving import WholeRefused
from crm.pipedrive.api import MOST_OF_A_PAGE, V1, V2, Client, Row, following, is_there
from crm.pipedrive.kinds import PERSONS
from crm.pipedrive.rows import MOST_IDS
from crm.pipedrive.searching import numbers
from lib.http.errors import WalkStuck

ADDRESS, FILTERS = f"{V2}/{PERSONS}", f"{V1}/filters"
OF_PERSONS = "people"
MOST_PAGES = 10_000
SAYS = "Pipedrive says so: the filter {} shows the person."


def wanted(destination: Destination) -> bool:
    """As of ``crm.base.Refusals``."""
    return destination.settings["do_not_call_filter"] is not None


def listed(client: Client) -> Iterable[Sequence[Refusing]]:
    """As of ``crm.base.Refusals``."""
    reason = SAYS.format(client.settings["do_not_call_filter"])
    for page in _pages(client):
        yield [Refusing(str(row["id"]), numbers(row), reason) for row in page]


def still(client: Client, ids: Sequence[str]) -> Mapping[str, bool]:
    """As of ``crm.base.Refusals``. Pipedrive does not ask a filter about some persons alone; who is deleted has taken nothing
    back."""
    shown = {str(row["id"]) for page in _pages(client) for row in page}
    there = _there(client, ids)
    return {one: one in shown or one not in there for one in ids}


def _there(client: Client, ids: Sequence[str]) -> set[str]:
    """Of these persons those that are not deleted."""
    found: set[str] = set()
    for at in range(0, len(ids), MOST_IDS):
        some = {"ids": ",".join(ids[at : at + MOST_IDS]), "limit": str(MOST_IDS)}
        found |= {str(row["id"]) for row in client.ask_list(ADDRESS, some)[0] if is_there(row)}
    return found


def check(client: Client) -> None:
    """Raises NotSetUp where there is no such filter of persons: nobody says whom a list shows by one that is gone."""
    id_ = client.settings["do_not_call_filter"]
    try:
        found = client.ask_one(f"{FILTERS}/{id_}")
    except WholeRefused as error:
        raise NotSetUp(f"The filter {id_} (do_not_call_filter) cannot be read: {error.refused.answer}") from None
    if str(found.get("id")) != str(id_) or found.get("type") != OF_PERSONS or found.get("active_flag") is False:
        raise NotSetUp(f"The filter {id_} (do_not_call_filter) is none of persons, or is not active any more.")


def _pages(client: Client) -> Iterator[list[Row]]:
    params = {"filter_id": str(client.settings["do_not_call_filter"]), "limit": str(MOST_OF_A_PAGE)}
    after: str | None = None
    check(client)
    for _ in range(MOST_PAGES):
        client.begin()
        found, said = client.ask_list(ADDRESS, {**params, **({"cursor": after} if after else {})})
        yield [row for row in found if is_there(row)]
        next_ = following(said)
        if next_ is None:
            return
        if next_ == after:
            break
        after = next_
    raise WalkStuck(f"{client.host} named the same next page twice where it was asked whom not to call.")

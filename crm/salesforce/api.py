"""Salesforce's REST API: one destination's client, and what it knows of the org.

developer.salesforce.com, "REST API Developer Guide": everything stands below /services/data/vXX.0; records are asked for in SOQL,
and written in collections of two hundred.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from crm.base import Access, Budget, NotSetUp
from crm.destination import Destination
from crm.facts import Facts
from crm.halving import WholeRefused
from crm.http_client import REFUSALS, HttpClient, Unreadable
from crm.salesforce import answers
from crm.salesforce.answers import Row
from crm.salesforce.usage import Usage
from lib import zones
from lib.http.errors import AskedWrongly, WalkStuck
from lib.http.exchange import Answer, Patience, asking

REQUESTS = "requests"
COLLECTION = "/composite/sobjects"
MOST = 200  # records of one request
LONGEST_LIST = 6_000  # characters of the values of one question, as they stand in an address
ORGANIZATION = "SELECT Id, TimeZoneSidKey FROM Organization"
NO_ZONE = (
    "Salesforce does not say in which time zone the org is, and a call's date depends on it. Name it in time_zone."
)


@dataclass(frozen=True)
class Organization:
    """What is known of the org; None where it would not say it."""

    id: str | None = None
    zone: ZoneInfo | None = None


class Client(HttpClient):
    """One destination's. Shared by threads."""

    def __init__(self, destination: Destination, budget: Budget, access: Access, patience: Patience | None = None):
        address = str(destination.settings["api_url"])
        super().__init__(destination, address, secrets_of(destination), budget, access, patience)
        self._data = f"/services/data/v{self.settings['api_version']}"
        self.unique: str | None = self.settings["external_id_field"] or None
        self.facts = Facts()
        self.usage = Usage(int(self.settings["keep_requests_percent"]))

    # Exchanges --------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Before something is begun that takes requests. Raises QuotaSpent where the rest of them is left to others."""
        self.usage.check(self.host)

    def ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What Salesforce says to a GET. Raises as ``answers.meaning`` does."""
        with asking():
            return self._answered("GET", self._data + path, None, params, alone=False)

    def query(self, soql: str) -> list[Row]:
        """The records that a question in SOQL finds. Raises ExchangeError."""
        return [row for rows in self.pages(soql) for row in rows]

    def pages(self, soql: str) -> Iterator[list[Row]]:
        """The same, some at a time."""
        said = self.ask("/query", {"q": soql})
        asked: set[str] = set()
        while True:
            rows = said.get("records") if isinstance(said, Mapping) else None
            if not isinstance(rows, list):
                raise Unreadable(f"{self.host} answered a question without a list of records.")
            yield [row for row in rows if isinstance(row, Mapping)]
            following = said.get("nextRecordsUrl")
            if said.get("done") is not False or not isinstance(following, str):
                return
            if following in asked or not following.startswith("/services/data/"):
                raise WalkStuck(f"{self.host} named the same next page twice, or none of its own.")
            asked.add(following)
            with asking():
                said = self._answered("GET", following, None, None, alone=False)

    def among(self, soql: str, values: Iterable[str], most: int = MOST) -> list[Row]:
        """The same of a question that ends in ``IN``, asked of so many values at once as an address holds, or ``most``."""
        wanted = list(dict.fromkeys(map(quoted, values)))
        size = min(most, LONGEST_LIST // max((len(quote(one)) + len("%2C+") for one in wanted), default=1)) or 1
        parts = [wanted[at : at + size] for at in range(0, len(wanted), size)]
        return [row for part in parts for row in self.query(f"{soql} ({', '.join(part)})")]

    def search(self, sosl: str) -> list[Row]:
        """The records that a search finds. Raises ExchangeError."""
        said = self.ask("/search/", {"q": sosl})
        found = said.get("searchRecords") if isinstance(said, Mapping) else said
        if not isinstance(found, list):
            raise Unreadable(f"{self.host} answered a search without a list of records.")
        return [row for row in found if isinstance(row, Mapping)]

    def tell(
        self, verb: str, path: str, content: Any = None, params: Mapping[str, str] | None = None, alone: bool = False
    ) -> list[Row]:
        """Give Salesforce a collection; what it says of each record, in their order. ``alone``, what may not be sent twice.
        Raises as ``answers.meaning`` does, Uncertain also where no answer came."""
        said = self._answered(verb, self._data + path, content, params, alone)
        return [one if isinstance(one, Mapping) else {} for one in said] if isinstance(said, list) else []

    def _answered(self, verb: str, path: str, content: Any, params: Mapping[str, str] | None, alone: bool) -> Any:
        what, writes = f"{verb} {path}", verb != "GET"
        return self._patiently(
            REQUESTS,
            lambda: self._exchange(verb, path, content, params, alone),
            lambda answer: answers.meaning(answer, self.host, what, writes=writes, secrets=self.secrets),
        )

    def _exchange(self, verb: str, path: str, *how: Any) -> Answer:
        answer, token = self._once(verb, path, None, *how)
        if answer.status != 401:
            return answer
        # Its session has ended. A second 401 parks the destination for an hour.
        return self._once(verb, path, token, *how)[0]

    def _once(
        self, verb: str, path: str, stale: str | None, content: Any, params: Mapping[str, str] | None, alone: bool
    ) -> tuple[Answer, str | None]:
        """(the answer, the token that was asked with: another one than the ``stale``)."""
        self._budget.take(REQUESTS)
        token = self._lent_token(stale)
        headers = {"Authorization": f"Bearer {token}"}
        if verb != "GET":
            # Else a lead that is only touched goes to whom the assignment rules name.
            headers["Sforce-Auto-Assign"] = "FALSE"
        try:
            answer = self._http.exchange(
                verb, self._base + path, headers=headers, params=params, json=content, alone=alone
            )
        except AskedWrongly:
            raise NotSetUp(f"{verb} {path} cannot be sent to {self.host}. Check api_url.") from None
        self.usage.note(answer.headers)
        return answer, token

    # The org ----------------------------------------------------------------------------------------------------------
    def organization(self) -> Organization:
        """Raises Unavailable and the like."""
        return self.facts.get(ORGANIZATION, self._asked_organization) or Organization()

    def _asked_organization(self) -> Organization | None:
        try:
            row = next(iter(self.query(ORGANIZATION)), None)
        except (WholeRefused, NotSetUp):
            return None
        if row is None:
            return None
        zone = row.get("TimeZoneSidKey")
        id_ = row.get("Id")
        return Organization(str(id_)[:15] if id_ else None, zones.named(zone) if isinstance(zone, str) else None)

    def zone(self) -> ZoneInfo:
        """In which a call's day is told. Raises NotSetUp where nobody knows it."""
        given = self.settings["time_zone"]
        found = zones.named(given) if given else self.organization().zone
        if found is None:
            raise NotSetUp(NO_ZONE)
        return found

    def url(self, record_id: str) -> str:
        """Where people see the record."""
        return f"{str(self.settings['app_url'] or self._base).rstrip('/')}/{record_id}"

    def owner(self, email: str) -> str | None:
        """The id of the active user with this e-mail address; None where there is none, or several. Raises Unavailable and the
        like."""
        email = email.strip().casefold()
        return self.facts.get(f"owner {email}", lambda: self._asked_owner(email))

    def _asked_owner(self, email: str) -> str | None:
        try:
            rows = self.query(f"SELECT Id, Email FROM User WHERE IsActive = true AND Email = {quoted(email)}")
        except REFUSALS:
            return None
        fitting = [str(row["Id"]) for row in rows if row.get("Id") and str(row.get("Email")).casefold() == email]
        return fitting[0] if len(fitting) == 1 else None


def secrets_of(destination: Destination) -> tuple[str, ...]:
    """Those of the settings."""
    own = destination.settings
    return tuple(str(own[name]) for name in ("client_secret",) if own[name])


def quoted(text: str) -> str:
    """As a literal of SOQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def said(row: Row, names: Sequence[str]) -> dict[str, str]:
    """A record's fields as texts; absent ones as empty texts."""
    return {name: text(row.get(name)) for name in names}


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)

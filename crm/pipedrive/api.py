"""Pipedrive's HTTP API: one destination's client, and what it knows of the account.

developers.pipedrive.com: version 2 where there is one, version 1 for call logs, leads, their labels and users.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm.base import Access, Budget, NotSetUp
from crm.destination import Destination
from crm.facts import Facts, only
from crm.http_client import REFUSALS, HttpClient, Unreadable
from crm.pipedrive import answers
from crm.pipedrive.day import Day
from crm.pipedrive.kinds import KINDS, Kind
from lib import zones
from lib.http.errors import AskedWrongly
from lib.http.exchange import Answer, Patience, asking

V1, V2 = "/api/v1", "/api/v2"
REQUESTS, SEARCHES = "requests", "searches"
ME, USERS = f"{V1}/users/me", f"{V1}/users"
MOST_OF_A_PAGE = 500

Row = Mapping[str, Any]


@dataclass(frozen=True)
class User:
    """Who asks. ``chooses_owners``: whether calls of others may be logged."""

    id: str
    company: str
    domain: str | None
    name: str
    chooses_owners: bool


class Client(HttpClient):
    """One destination's. Shared by threads."""

    def __init__(
        self,
        destination: Destination,
        budget: Budget,
        access: Access | None = None,
        patience: Patience | None = None,
    ):
        address = str(destination.settings["api_url"])
        super().__init__(destination, address, secrets_of(destination), budget, access, patience)
        self.kind: Kind = KINDS[self.settings["records"]]
        self.facts = Facts()
        zone = zones.named(self.settings["day_ends_in"])
        assert zone is not None  # the settings say so
        self.day = Day(zone, int(self.settings["keep_tokens_percent"]))

    def _header(self, stale: str | None = None) -> tuple[str, Mapping[str, str]]:
        """(the token, other than ``stale`` where there can be another, the header that holds it)."""
        token = self._lent_token(stale)
        if token is None:
            return self._given[0], {"x-api-token": self._given[0]}
        return token, {"Authorization": f"Bearer {token}"}

    # Exchanges --------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Before something is begun that takes tokens. Raises QuotaSpent where the rest of the day's is left to others."""
        self.day.check(self.host)

    def ask(self, path: str, params: Mapping[str, Any] | None = None, limit: str = REQUESTS) -> Row:
        """What Pipedrive says to a GET. Raises as ``answers.meaning`` does."""
        with asking():
            return self._answered("GET", path, None, params, limit, alone=False)

    def ask_one(self, path: str) -> Row:
        """The record that an answer is about. Raises Unreadable where it has none."""
        found = self.ask(path).get("data")
        if not isinstance(found, Mapping):
            raise Unreadable(f"{self.host} answered GET {path} without a record.")
        return found

    def ask_list(
        self, path: str, params: Mapping[str, Any] | None = None, limit: str = REQUESTS
    ) -> tuple[list[Row], Row]:
        """(the records of an answer, the whole of it). Without a list nothing is said of what is not in it. Raises Unreadable."""
        said = self.ask(path, params, limit)
        found = said.get("data", "")
        found = found.get("items") if isinstance(found, Mapping) else found
        if found is None:  # as version 1 says that there are none
            found = []
        if not isinstance(found, list):
            raise Unreadable(f"{self.host} answered GET {path} without a list of records.")
        return [one for one in found if isinstance(one, Mapping)], said

    def pages(self, path: str, params: Mapping[str, Any], most: int, limit: str = REQUESTS) -> Iterator[list[Row]]:
        """Of version 2, so many pages at most."""
        after: str | None = None
        for _ in range(most):
            rows, said = self.ask_list(path, {**params, **({"cursor": after} if after else {})}, limit)
            yield rows
            next_ = following(said)
            if next_ is None or next_ == after:
                return
            after = next_

    def tell(self, verb: str, path: str, content: Any = None, alone: bool = False) -> Row:
        """Give Pipedrive something; ``alone``, what may not be sent twice. Raises as ``answers.meaning`` does, Uncertain also
        where no answer came."""
        return self._answered(verb, path, content, None, REQUESTS, alone)

    def _answered(
        self, verb: str, path: str, content: Any, params: Mapping[str, Any] | None, limit: str, alone: bool
    ) -> Row:
        what, writes = f"{verb} {path}", verb != "GET"
        return self._patiently(
            limit,
            lambda: self._exchange(verb, path, content, params, limit, alone),
            lambda answer: answers.meaning(answer, self.host, what, self.day, writes=writes, secrets=self.secrets),
        )

    def _exchange(self, verb: str, path: str, *how: Any) -> Answer:
        token, header = self._header()
        answer = self._once(verb, path, header, *how)
        if answer.status != 401:
            return answer
        # It has ended early; of one that does not end by itself it may be somebody's slip. A second 401 parks the destination
        # for an hour.
        return self._once(verb, path, self._header(stale=token)[1], *how)

    def _once(
        self,
        verb: str,
        path: str,
        header: Mapping[str, str],
        content: Any,
        params: Mapping[str, Any] | None,
        limit: str,
        alone: bool,
    ) -> Answer:
        self._budget.take(limit)
        try:
            answer = self._http.exchange(
                verb, self._base + path, headers=header, params=params, json=content, alone=alone
            )
        except AskedWrongly:
            raise NotSetUp(f"{verb} {path} cannot be sent to {self.host}. Check api_url and api_token.") from None
        self.day.note(answer.headers)
        return answer

    # The account ------------------------------------------------------------------------------------------------------
    def user(self) -> User:
        """Who asks. Raises ExchangeError."""
        found = self.facts.get(ME, self._asked_user)
        assert found is not None
        return found

    def _asked_user(self) -> User:
        said = self.ask_one(ME)
        if not said.get("id") or not said.get("company_id"):
            raise Unreadable(f"{self.host} does not say whose token it is.")
        access = [one for one in said.get("access") or () if isinstance(one, Mapping)]
        domain = said.get("company_domain")
        return User(
            str(said["id"]),
            str(said["company_id"]),
            domain if isinstance(domain, str) and domain else None,
            str(said.get("name") or said["id"]),
            any(one.get("app") == "account_settings" and one.get("admin") is True for one in access),
        )

    def company(self) -> str | None:
        """The account's own id; None where Pipedrive will not say it. Raises Unavailable and the like."""
        try:
            return self.user().company
        except REFUSALS:
            return None

    def url(self, record_id: str) -> str | None:
        """Where people see the record, with its calls. None where the account is not known."""
        known = self.facts.known(ME)
        base = self.settings["app_url"] or (known and known.domain and f"https://{known.domain}.pipedrive.com")
        return f"{str(base).rstrip('/')}/{self.kind.page}/{record_id}" if base else None

    def users(self) -> Mapping[str, str]:
        """Those who are there: id -> e-mail in small letters. Raises ExchangeError."""
        rows, _ = self.ask_list(USERS)
        return {
            str(one["id"]): str(one.get("email") or "").strip().casefold()
            for one in rows
            if one.get("id") and one.get("active_flag") is not False and one.get("is_deleted") is not True
        }

    def owner(self, email: str) -> str | None:
        """The id of the user with this e-mail address; None where there is none, or it cannot be asked for. Raises Unavailable
        and the like."""
        return only(self.facts.get(USERS, self._asked_users) or {}, email)

    def _asked_users(self) -> Mapping[str, str] | None:
        try:
            return self.users()
        except REFUSALS:
            return None


def following(said: Row) -> str | None:
    """The cursor of the page behind an answer of version 2."""
    more = said.get("additional_data")
    found = more.get("next_cursor") if isinstance(more, Mapping) else None
    return str(found) if found else None


def is_there(row: Row) -> bool:
    """What is deleted is told of for a while."""
    return bool(row.get("id")) and row.get("is_deleted") is not True


def secrets_of(destination: Destination) -> tuple[str, ...]:
    """Those of the settings."""
    own = destination.settings
    return tuple(str(own[name]) for name in ("api_token", "client_secret", "refresh_token") if own[name])

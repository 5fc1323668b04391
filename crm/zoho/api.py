"""Zoho CRM's HTTP API: one destination's client, and what it knows of the account.

zoho.com/crm/developer, version 8.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm.base import Access, Budget, NotSetUp
from crm.destination import Destination
from crm.facts import Facts, only
from crm.halving import WholeRefused
from crm.http_client import REFUSALS, HttpClient, Unreadable
from crm.zoho import answers
from crm.zoho.centers import CENTERS
from crm.zoho.credits import Credits
from lib.http.errors import AskedWrongly, TooOften
from lib.http.exchange import Answer, Patience, asking

VERSION = "/crm/v8"
CALLS, LEADS, CONTACTS = "Calls", "Leads", "Contacts"
REQUESTS = "requests"
ORG, USERS = f"{VERSION}/org", f"{VERSION}/users"
COQL = f"{VERSION}/coql"  # asked by POST
MOST_OF_A_PAGE = 200
MOST_PAGES = 10  # what lies further is found by no page
# Where we ask for too much at once, and nobody says for how long: how many seconds are waited here, and then for all.
WAITS, LONGEST_WAIT, PAUSE = (1.0, 2.0), 2.0, 60.0

Row = Mapping[str, Any]


class Client(HttpClient):
    """One destination's. Shared by threads. ``access`` lends its tokens, which all end within the hour."""

    def __init__(self, destination: Destination, budget: Budget, access: Access, patience: Patience | None = None):
        self.center = str(destination.settings["data_center"])
        address = str(destination.settings["api_url"] or CENTERS[self.center].api)
        super().__init__(destination, address, secrets_of(destination), budget, access, patience)
        self.unique: str | None = self.settings["unique_field"] or None
        self.modules: Sequence[str] = [one.title() for one in self.settings["records"]]
        self.facts = Facts()
        self.credits = Credits(int(self.settings["keep_credits"]))

    # Exchanges --------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Before something is begun that takes credits. Raises QuotaSpent where the rest is left to others."""
        self.credits.check(self.host)

    def ask(self, path: str, params: Mapping[str, str] | None = None) -> Row:
        """What Zoho says to a GET; nothing where there is nothing. Raises as ``answers.meaning`` does."""
        with asking():
            return self._answered("GET", path, None, params, alone=False, records=None)

    def ask_list(
        self, path: str, params: Mapping[str, str] | None = None, name: str = "data", blames: bool = False
    ) -> tuple[list[Row], Row]:
        """(the records of an answer, the whole of it). Without a list nothing is said of what is not in it. Raises Unreadable;
        NotSetUp where Zoho refuses the question, unless that ``blames`` what is asked for: then WholeRefused."""
        try:
            said = self.ask(path, params)
        except WholeRefused as error:
            if blames:
                raise
            raise NotSetUp(f"{self.host} refuses GET {path}: {error}") from None
        found = said.get(name, "") if said else []
        if not isinstance(found, list):
            raise Unreadable(f"{self.host} answered GET {path} without a list of {name}.")
        return [one for one in found if isinstance(one, Mapping)], said

    def query(self, text: str) -> list[Row]:
        """The records of an answer to a query in COQL. Raises as ``answers.meaning`` does, and Unreadable."""
        with asking():
            said = self._answered("POST", COQL, {"select_query": text}, None, alone=False, records=None)
        found = said.get("data", "") if said else []
        if not isinstance(found, list):
            raise Unreadable(f"{self.host} answered a query without a list of records.")
        return [one for one in found if isinstance(one, Mapping)]

    def pages(
        self, path: str, params: Mapping[str, str], most: int = MOST_PAGES, name: str = "data", blames: bool = False
    ) -> Iterator[list[Row]]:
        """So many pages at most."""
        for page in range(1, most + 1):
            given = {**params, "page": str(page), "per_page": str(MOST_OF_A_PAGE)}
            rows, said = self.ask_list(path, given, name, blames)
            yield rows
            info = said.get("info")
            if not isinstance(info, Mapping) or info.get("more_records") is not True:
                return

    def tell(
        self,
        verb: str,
        path: str,
        records: int,
        content: Any = None,
        params: Mapping[str, str] | None = None,
        alone: bool = False,
    ) -> Row:
        """Give Zoho something about so many records; ``alone``, what may not be sent twice. Raises as ``answers.meaning`` does,
        Uncertain also where no answer came."""
        return self._answered(verb, path, content, params, alone, records)

    def _answered(
        self, verb: str, path: str, content: Any, params: Mapping[str, str] | None, alone: bool, records: int | None
    ) -> Row:
        waits = 0
        while True:
            answer = self._exchange(verb, path, content, params, alone)
            try:
                return answers.meaning(
                    answer,
                    self.host,
                    f"{verb} {path}",
                    self.center,
                    writes=verb != "GET" and path != COQL,
                    records=records,
                    secrets=self.secrets,
                )
            except TooOften as error:
                seconds = error.retry_after
                if seconds is None:
                    seconds = error.retry_after = WAITS[waits] if waits < len(WAITS) else PAUSE
                self._budget.put_off(REQUESTS, seconds)
                waits += 1
                if waits > len(WAITS) or seconds > LONGEST_WAIT:
                    raise

    def _exchange(self, verb: str, path: str, *how: Any) -> Answer:
        token, answer = self._once(verb, path, None, *how)
        if not answers.is_stale(answer):
            return answer
        # It has ended early, or somebody has asked for too many. A second 401 parks the destination for an hour.
        return self._once(verb, path, token, *how)[1]

    def _once(
        self, verb: str, path: str, stale: str | None, content: Any, params: Mapping[str, str] | None, alone: bool
    ) -> tuple[str | None, Answer]:
        self._budget.take(REQUESTS)  # before a token is asked for: few are given
        token = self._lent_token(stale)
        header = {"Authorization": f"Zoho-oauthtoken {token}"}
        try:
            answer = self._http.exchange(
                verb, self._base + path, headers=header, params=params, json=content, alone=alone
            )
        except AskedWrongly:
            raise NotSetUp(f"{verb} {path} cannot be sent to {self.host}. Check api_url.") from None
        self.credits.note(answer.headers)
        return token, answer

    # The account ------------------------------------------------------------------------------------------------------
    def org(self) -> Row:
        """The account. Raises ExchangeError."""
        found = self.facts.get(ORG, self._asked_org)
        assert found is not None
        return found

    def _asked_org(self) -> Row:
        rows, _ = self.ask_list(ORG, name="org")
        if not rows or not rows[0].get("id"):
            raise Unreadable(f"{self.host} does not say whose account it is.")
        return rows[0]

    def account(self) -> str | None:
        """The account's own id; None where Zoho will not say it. Raises Unavailable and the like."""
        try:
            return str(self.org()["id"])
        except REFUSALS:
            return None

    def url(self, module: str, record_id: str) -> str | None:
        """Where people see the record. None where the account is not known."""
        known = self.facts.known(ORG)
        number = known.get("zgid") if known else None
        base = str(self.settings["app_url"] or CENTERS[self.center].app).rstrip("/")
        return f"{base}/crm/org{number}/tab/{module}/{record_id}" if number else None

    def users(self) -> Mapping[str, str]:
        """Those who are there: id -> e-mail in small letters. Raises ExchangeError."""
        rows = [row for page in self.pages(USERS, {"type": "ActiveUsers"}, name="users") for row in page]
        return {str(one["id"]): str(one.get("email") or "").strip().casefold() for one in rows if one.get("id")}

    def owner(self, email: str) -> str | None:
        """The id of the user with this e-mail address; None where there is none, or it cannot be asked for. Raises Unavailable
        and the like."""
        return only(self.facts.get(USERS, self._asked_users) or {}, email)

    def _asked_users(self) -> Mapping[str, str] | None:
        try:
            return self.users()
        except REFUSALS:
            return None


def secrets_of(destination: Destination) -> tuple[str, ...]:
    """Those of the settings."""
    return tuple(str(destination.settings[name]) for name in ("client_secret", "refresh_token"))


def address(module: str, what: str = "") -> str:
    """Of a module's records; ``what``: ``search``."""
    return f"{VERSION}/{module}" + (f"/{what}" if what else "")

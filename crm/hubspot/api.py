"""HubSpot's HTTP API: one destination's client, and what it knows of the account.

developers.hubspot.com, date version 2026-09; the dispositions have no newer address than /calling/v1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from crm import facts
from crm.base import Access, Budget, NotSetUp
from crm.destination import Destination
from crm.halving import WholeRefused
from crm.http_client import REFUSALS, HttpClient, Unreadable
from crm.hubspot import answers
from lib import zones
from lib.http.errors import AskedWrongly, Unavailable
from lib.http.exchange import Answer, Patience, asking

VERSION = "2026-09"
REQUESTS, SEARCHES = "requests", "searches"
CALLS, CONTACTS = "calls", "contacts"
CALL_TYPE, CONTACT_TYPE = "0-48", "0-1"  # the same, in addresses for people
DETAILS = f"/account-info/{VERSION}/details"
OWNERS = f"/crm/owners/{VERSION}"
DISPOSITIONS = "/calling/v1/dispositions"
DISPOSITION_PROPERTY = f"/crm/properties/{VERSION}/{CALLS}/hs_call_disposition"


@dataclass(frozen=True)
class Account:
    """What is known of the account; None where it could not be asked."""

    portal: str | None = None
    domain: str | None = None
    zone: ZoneInfo | None = None


class Facts(facts.Facts):
    """``in_lists``: whether searches find what is in a list of numbers; None while nobody knows, see ``searching``."""

    def __init__(self) -> None:
        super().__init__()
        self.in_lists: bool | None = None

    def account(self) -> Account:
        """As far as it is known."""
        return self.known(DETAILS) or Account()


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
        self.unique = str(self.settings["unique_property"])
        self.facts = Facts()

    def token(self, stale: str | None = None) -> str:
        """What is to be asked with, other than ``stale`` where there can be another. Raises as ``crm.base.Access`` does."""
        token = self._lent_token(stale)
        return self._given[0] if token is None else token

    # Exchanges --------------------------------------------------------------------------------------------------------
    def ask(
        self, path: str, content: Any = None, params: Mapping[str, Any] | None = None, limit: str = REQUESTS
    ) -> Any:
        """What HubSpot says to a GET, or to a POST with content that changes nothing. Raises as ``answers.meaning`` does."""
        verb = "GET" if content is None else "POST"
        with asking():
            return self._answered(verb, path, content, params, limit, writes=False)

    def ask_list(self, path: str, content: Any, limit: str = REQUESTS) -> Any:
        """The same of a question that HubSpot answers with a list. Without one nothing is said of what is not in it. Raises
        Unreadable."""
        said = self.ask(path, content, limit=limit)
        if not isinstance(said, Mapping) or not isinstance(said.get("results"), list):
            raise Unreadable(f"{self.host} answered POST {path} without a list of results.")
        return said

    def tell(self, path: str, content: Any) -> Any:
        """Give HubSpot something. Raises as ``answers.meaning`` does, Uncertain also where no answer came."""
        self.account()  # before its day is over: then nobody says any more when the day ends
        return self._answered("POST", path, content, None, REQUESTS, writes=True)

    def _answered(
        self, verb: str, path: str, content: Any, params: Mapping[str, Any] | None, limit: str, writes: bool
    ) -> Any:
        return self._patiently(
            limit,
            lambda: self._exchange(verb, path, content, params, limit),
            lambda answer: self._meaning(answer, verb, path, writes),
        )

    def _exchange(self, verb: str, path: str, content: Any, params: Mapping[str, Any] | None, limit: str) -> Answer:
        token = self.token()
        answer = self._once(verb, path, content, params, limit, token)
        if answer.status != 401:
            return answer
        # It has ended early; of one that does not end by itself it may be somebody's slip. A second 401 parks the destination
        # for an hour.
        return self._once(verb, path, content, params, limit, self.token(stale=token))

    def _once(
        self, verb: str, path: str, content: Any, params: Mapping[str, Any] | None, limit: str, token: str
    ) -> Answer:
        self._budget.take(limit)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            # Whatever is given to HubSpot here may be given twice, so connections are kept.
            return self._http.exchange(verb, self._base + path, headers=headers, params=params, json=content)
        except AskedWrongly:
            raise NotSetUp(f"{verb} {path} cannot be sent to {self.host}. Check api_url and access_token.") from None

    def _meaning(self, answer: Answer, verb: str, path: str, writes: bool) -> Any:
        zone, what = self.facts.account().zone, f"{verb} {path}"
        return answers.meaning(answer, self.host, what, writes=writes, secrets=self.secrets, zone=zone)

    # The account ------------------------------------------------------------------------------------------------------
    def account(self) -> Account:
        """What addresses for people and the end of a day need; without them everything else goes on. Raises CredentialsRefused
        where the token is none, QuotaSpent."""
        return self.facts.get(DETAILS, self._asked_account) or Account()

    def portal(self) -> str | None:
        """The account's own id; None where HubSpot will not say it. Raises Unavailable and the like."""
        try:
            found = self.account().portal or self.details().get("portalId")
        except REFUSALS:
            return None
        return str(found) if found else None

    def details(self) -> Mapping[str, Any]:
        """What HubSpot says of the account. Raises ExchangeError."""
        said = self.ask(DETAILS)
        return said if isinstance(said, Mapping) else {}

    def _asked_account(self) -> Account | None:
        try:
            said = self.details()
        except (*REFUSALS, Unavailable):
            return None
        portal, domain, zone = (said.get(name) for name in ("portalId", "uiDomain", "timeZone"))
        found = zones.named(zone) if isinstance(zone, str) else None
        return Account(str(portal) if portal else None, domain if isinstance(domain, str) else None, found)

    def url(self, kind: str, record_id: str) -> str | None:
        """Where people see the record; ``kind`` is CALL_TYPE or CONTACT_TYPE. None where the account is not known."""
        account = self.facts.account()
        base = self.settings["app_url"] or (account.domain and f"https://{account.domain}")
        if not base or not account.portal:
            return None
        return f"{str(base).rstrip('/')}/contacts/{account.portal}/record/{kind}/{record_id}"

    def dispositions(self) -> Mapping[str, str]:
        """The account's own list: label in small letters -> id. Empty where it gives none. Raises Unavailable and the like."""
        return self.facts.get(DISPOSITIONS, self._asked_dispositions) or {}

    def listed_dispositions(self) -> list[tuple[str, str]]:
        """(label, id) of each that is not deleted. Raises ExchangeError."""
        try:
            rows = rows_of(self.ask(DISPOSITIONS))
        except (WholeRefused, NotSetUp):  # which HubSpot is going to drop; they are options of a property as well
            said = self.ask(DISPOSITION_PROPERTY)
            options = said.get("options") if isinstance(said, Mapping) else None
            rows = [{**one, "id": one.get("value")} for one in rows_of(options)]
        return [
            (str(one["label"]), str(one["id"]))
            for one in rows
            if one.get("label") and one.get("id") and one.get("deleted") is not True
        ]

    def _asked_dispositions(self) -> Mapping[str, str] | None:
        try:
            return {label.strip().casefold(): id_ for label, id_ in self.listed_dispositions()}
        except REFUSALS:
            return None

    def owner(self, email: str) -> str | None:
        """The id of the user with this e-mail address; None where there is none. Raises Unavailable and the like."""
        email = email.strip().casefold()
        # An agent's e-mail is whatever its dialer says, also the name of something else that is kept.
        return self.facts.get(f"owner {email}", lambda: self._asked_owner(email))

    def _asked_owner(self, email: str) -> str | None:
        try:
            said = self.ask(OWNERS, params={"email": email, "limit": "100"})
        except REFUSALS:
            return None
        fitting = [
            str(one["id"])
            for one in records(said)
            if one.get("archived") is not True and str(one.get("email") or "").strip().casefold() == email
        ]
        return fitting[0] if len(fitting) == 1 else None


def secrets_of(destination: Destination) -> tuple[str, ...]:
    """Those of the settings."""
    own = destination.settings
    return tuple(str(own[name]) for name in ("access_token", "client_secret", "refresh_token") if own[name])


def objects(kind: str, what: str) -> str:
    """The address of a kind of object, such as ``calls``; ``what`` is ``batch/read``, ``search`` ..."""
    return f"/crm/objects/{VERSION}/{kind}/{what}"


def rows_of(said: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, or of an answer's results."""
    found = said.get("results") if isinstance(said, Mapping) else said
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def records(said: Any) -> list[Mapping[str, Any]]:
    """The results of an answer that have an id."""
    return [one for one in rows_of(said) if one.get("id") not in (None, "")]


def errors(said: Any) -> list[Mapping[str, Any]]:
    """The errors of a batch's answer."""
    found = said.get("errors") if isinstance(said, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def following_page(said: Any) -> str | None:
    """Where the next page begins; None after the last."""
    paging = said.get("paging") if isinstance(said, Mapping) else None
    page = paging.get("next") if isinstance(paging, Mapping) else None
    after = page.get("after") if isinstance(page, Mapping) else None
    return None if after in (None, "") else str(after)


def fields(record: Mapping[str, Any]) -> dict[str, str]:
    """A record's properties as texts; absent ones are left out."""
    found = record.get("properties")
    return (
        {name: str(value) for name, value in found.items() if value is not None} if isinstance(found, Mapping) else {}
    )

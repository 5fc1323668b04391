"""Bitrix24's HTTP API: one destination's client, and what it knows of the account.

apidocs.bitrix24.com: each method is an address below the portal's; JSON is posted there. A webhook is part of the address, the
token of an app stands in the body.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crm.base import Access, Budget, NotSetUp, Result
from crm.bitrix24 import answers
from crm.bitrix24.answers import Error
from crm.bitrix24.commands import MOST, Command
from crm.bitrix24.kinds import KINDS, Kind
from crm.destination import Destination
from crm.facts import Facts
from crm.http_client import LONGEST_WAIT, WAITS, HttpClient, Unreadable
from lib.http.errors import AskedWrongly, ExchangeError, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer, Patience, asking

REQUESTS = "requests"
BATCH = "batch"
PAGE = 50

Row = Mapping[str, Any]


@dataclass
class Answered:
    """What came of a batch: by the commands' keys. What stands in neither was not told of."""

    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Error] = field(default_factory=dict)
    more: set[str] = field(default_factory=set)  # lists that have another page


class Client(HttpClient):
    """One destination's. Shared by threads."""

    def __init__(
        self,
        destination: Destination,
        budget: Budget,
        access: Access | None = None,
        patience: Patience | None = None,
    ):
        self.portal = portal_of(destination)
        address = str(destination.settings["webhook_url"] or f"{self.portal}/rest")
        super().__init__(destination, address, secrets_of(destination), budget, access, patience)
        self.kind: Kind = KINDS[self.settings["records"]]
        self.is_app = self.settings["webhook_url"] is None
        self.facts = Facts()
        self._lock = threading.Lock()
        self._room: dict[str, float] = {}  # method -> when, of the steady clock, its running time is less

    # Exchanges --------------------------------------------------------------------------------------------------------
    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Row:
        """What Bitrix24 says, as a whole. Raises as ``answers.meaning`` does."""
        with asking():
            return self._said(method, params or {}, writes=False)

    def tell(self, method: str, params: Mapping[str, Any]) -> Any:
        """Give Bitrix24 something. Raises as ``answers.meaning`` does, Uncertain also where no answer came."""
        return self._said(method, params, writes=True)["result"]

    def ask_list(self, method: str, params: Mapping[str, Any], inside: str | None = None) -> tuple[list[Row], Any]:
        """(rows, where the next page begins: None where there is none). Raises Unreadable where there is no list."""
        said = self.ask(method, params)
        return self.rows(said["result"], method, inside), said.get("next")

    def rows(self, found: Any, method: str, inside: str | None = None) -> list[Row]:
        """The rows of an answer. Without a list nothing is said of what is not in it."""
        found = found.get(inside) if inside and isinstance(found, Mapping) else found
        if not isinstance(found, list):
            raise Unreadable(f"{self.host} answered {method} without a list of rows.")
        return [one for one in found if isinstance(one, Mapping)]

    def ask_all(self, commands: Sequence[Command], each: bool = False) -> Answered:
        """What is only asked for, in as many batches as it takes. Raises what a command fails with; with ``each`` only what it
        has in common with the whole account."""
        found = Answered()
        for some in _parts(commands):
            with asking():
                part = self._batch(some, writes=False)
            for one in some:
                error = part.errors.get(one.key)
                whole = error and answers.failure(error, self.host, one.method, writes=False, is_app=self.is_app)
                if whole:
                    raise self._put_off(whole, [one.method])
                if error is not None and not each:
                    raise NotSetUp(f"{self.host} refused {one.method} ({error.code}). It says: {error.words}")
                if error is None and one.key not in part.results:
                    raise Unreadable(f"{self.host} answered a batch without telling of {one.method}.")
            found.results |= part.results
            found.errors |= part.errors
            found.more |= part.more
        return found

    def tell_all(self, commands: Sequence[Command], alone: bool = False) -> Answered:
        """Give Bitrix24 several things, fifty commands at most; ``alone``, what may not be sent twice. Where nothing of it was
        done, and all has failed alike, raises what that means."""
        found = self._batch(commands, writes=True, alone=alone)
        if not found.results and len(found.errors) == len(commands):
            for one in commands:
                whole = answers.failure(found.errors[one.key], self.host, one.method, writes=True, is_app=self.is_app)
                if whole is not None:
                    raise self._put_off(whole, [one.method])
        return found

    def _batch(self, commands: Sequence[Command], writes: bool, alone: bool = False, anew: bool = True) -> Answered:
        if not commands:
            return Answered()
        methods = {one.key: one.method for one in commands}
        said = self._said(BATCH, {"halt": 0, "cmd": {one.key: one.line() for one in commands}}, writes, methods, alone)
        whole = said["result"]
        parts = [_keyed(whole.get(name)) if isinstance(whole, Mapping) else None for name in _PARTS]
        results, errors, more, times = parts
        if results is None or errors is None:
            sentence = f"{self.host} answered a batch without results of its commands."
            raise Uncertain(sentence) if writes else Unreadable(sentence)
        for key, told in (times or {}).items():
            self._note(methods.get(key, ""), told)
        read = {key: answers.error_of(one, self.secrets) for key, one in errors.items()}
        known = {key: one or Error("", "It gave no reason.") for key, one in read.items()}
        ended = known and not results and all(one.code in answers.TOKEN for one in known.values())
        if ended and self._access is not None and anew:  # in its midst
            self._token(stale=self._lent[0])
            return self._batch(commands, writes, alone, anew=False)
        return Answered({key: one for key, one in results.items() if key not in known}, known, set(more or {}))

    def _said(
        self,
        method: str,
        params: Mapping[str, Any],
        writes: bool,
        methods: Mapping[str, str] | None = None,
        alone: bool = False,
    ) -> Row:
        waits = 0
        while True:
            answer = self._exchange(method, params, alone)
            try:
                said = answers.meaning(
                    answer, self.host, method, writes=writes, is_app=self.is_app, secrets=self.secrets
                )
                self._note(method, said.get("time"))
                return said
            except TooOften as error:
                self._put_off(error, list((methods or {"": method}).values()))
                seconds = error.retry_after or 0.0
                waits += 1
                if waits > WAITS or seconds > LONGEST_WAIT:
                    raise

    def _exchange(self, method: str, params: Mapping[str, Any], alone: bool) -> Answer:
        token = self._token()
        answer = self._once(method, params, token, alone)
        if token is None or not answers.has_ended(answer):
            return answer
        return self._once(method, params, self._token(stale=token), alone)  # it has ended early

    def _token(self, stale: str | None = None) -> str | None:
        try:
            return self._lent_token(stale)
        except Uncertain as error:  # of the token: nothing else was sent
            raise Unavailable(str(error)) from None

    def _once(self, method: str, params: Mapping[str, Any], token: str | None, alone: bool) -> Answer:
        self._budget.take(REQUESTS)
        body = {**params, "auth": token} if token is not None else dict(params)
        try:
            return self._http.exchange(
                "POST",
                f"{self._base}/{method}",
                what=method,
                headers={"Accept": "application/json"},
                json=body,
                alone=alone,
            )
        except AskedWrongly:
            raise NotSetUp(f"{method} cannot be sent to {self.host}. Check portal_url or webhook_url.") from None

    # Limits -----------------------------------------------------------------------------------------------------------
    def _note(self, method: str, told: Any) -> None:
        """When the method's running time is less, by an answer's ``time``."""
        if isinstance(told, Mapping):
            resets, finish = told.get("operating_reset_at"), told.get("finish")
            if isinstance(resets, int | float) and isinstance(finish, int | float) and resets > finish:
                with self._lock:
                    self._room[method] = time.monotonic() + float(resets) - float(finish)

    def _room_in(self, methods: Sequence[str]) -> float:
        """Seconds until running time of these methods is free again, as far as answers have told."""
        with self._lock:
            known = [self._room[one] - time.monotonic() for one in methods if one in self._room]
        ahead = [one for one in known if one > 0]
        return max(ahead, default=answers.MINUTE)

    def of_record(self, error: Error, method: str) -> Result:
        """What becomes of a record whose command of a batch has failed, while others of it were done."""
        return answers.of_record(error, self.host, method, self._room_in([method]), self.is_app)

    def _put_off(self, error: ExchangeError, methods: Sequence[str]) -> ExchangeError:
        """The error of a limit with the time until there is room; of requests, nobody at the portal has a turn before."""
        if isinstance(error, TooOften):
            is_requests = answers.OPERATIONS not in str(error)
            if error.retry_after is None:
                error.retry_after = answers.DRAINED if is_requests else self._room_in(methods)
            if is_requests:
                self._budget.put_off(REQUESTS, error.retry_after)
        return error

    def url(self, record_id: str) -> str:
        """Where people see the record, with its calls."""
        return f"{self.portal}/crm/{self.kind.word}/details/{record_id}/"


_PARTS = ("result", "result_error", "result_next", "result_time")


def _keyed(found: Any) -> dict[str, Any] | None:
    """PHP writes an empty object as an empty list."""
    if isinstance(found, Mapping):
        return dict(found)
    return {} if found == [] else None


def _parts(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    return (commands[at : at + MOST] for at in range(0, len(commands), MOST))


def portal_of(destination: Destination) -> str:
    own = destination.settings
    if own["portal_url"] is not None:
        return str(own["portal_url"]).rstrip("/")
    parts = urlsplit(str(own["webhook_url"]))
    return f"{parts.scheme}://{parts.netloc}"


def secrets_of(destination: Destination) -> tuple[str, ...]:
    """Those of the settings."""
    own = destination.settings
    webhook = str(own["webhook_url"] or "").rstrip("/")
    return tuple(
        str(one) for one in (own["client_secret"], own["refresh_token"], webhook.rpartition("/")[2], webhook) if one
    )

"""What the clients of CRMs have alike that are asked over HTTP: their address, patience and secrets, the token that is lent
to them, how long they wait where they ask too often, and what it means where a CRM does not answer as itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from crm.base import Access, Budget, NotSetUp
from crm.destination import Destination
from crm.halving import WholeRefused
from lib.http.errors import CredentialsRefused, ExchangeError, TooOften, Unavailable, Uncertain
from lib.http.exchange import Answer, Http, Patience, host_of, retry_after

MOST_BYTES = 8 * 1024 * 1024  # of one answer: hundreds of records with long notes, or all fields of a large object
# How often, and for how many seconds at most, is waited here where we ask too often. What takes longer is put off as a whole.
WAITS, LONGEST_WAIT = 2, 2.0

Said = TypeVar("Said")


class Unreadable(Unavailable):
    """Something answers, and not as the CRM does: a page to sign in, an error in a 200. Asked again, it may be itself again."""


class MissingScopes(CredentialsRefused):
    """The token, or the webhook, is good, and does not allow this."""


REFUSALS = (WholeRefused, MissingScopes, NotSetUp, Unreadable)  # the account will not say it, however often it is asked


def unreadable(answer: Answer, host: str, what: str, of: str, writes: bool) -> ExchangeError:
    """What a 2xx is that holds something else than the CRM says."""
    sentence = f"{host} answered {what} with {answer.status} and {of}."
    return Uncertain(sentence) if writes else Unreadable(sentence)


def failed(answer: Answer, host: str, what: str, writes: bool) -> ExchangeError:
    """The CRM, or something before it, gave up: of what was given to it nobody knows whether it was done first."""
    sentence = f"{host} failed to answer {what} ({answer.status})."
    found = Uncertain(sentence) if writes else Unavailable(sentence)
    found.retry_after = retry_after(answer.headers.get("Retry-After"))
    return found


class HttpClient:
    """One destination's. Shared by threads. ``address``: of the API; ``given``: the secrets of the settings; ``access`` lends the
    token, where it ends by itself."""

    def __init__(
        self,
        destination: Destination,
        address: str,
        given: Sequence[str],
        budget: Budget,
        access: Access | None,
        patience: Patience | None,
    ):
        self.name = destination.name
        self.settings = destination.settings
        self.host = host_of(address)
        self._base = address.rstrip("/")
        self._given = given
        self._access = access
        self._lent: tuple[str, ...] = ()  # the token that ends by itself
        self._budget = budget
        seconds = float(self.settings["timeout_seconds"])
        patience = patience or Patience(read=seconds, whole=seconds, most_bytes=MOST_BYTES)
        self._http = Http(patience, self.settings["ca_file"])

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self._given, *self._lent)

    def _lent_token(self, stale: str | None = None) -> str | None:
        """The token that ends by itself, other than ``stale``; None where none does. Raises as ``crm.base.Access`` does."""
        if self._access is None:
            return None
        token = self._access.token(stale)
        self._lent = (token,)
        return token

    def _patiently(self, limit: str, exchange: Callable[[], Answer], meaning: Callable[[Answer], Said]) -> Said:
        """What the answer means. Where that is that we ask too often, the budget is told, and where that is soon over it is asked
        again. Raises as both do."""
        waits = 0
        while True:
            answer = exchange()
            try:
                return meaning(answer)
            except TooOften as error:
                seconds = error.retry_after or 0.0
                self._budget.put_off(limit, seconds)
                waits += 1
                if waits > WAITS or seconds > LONGEST_WAIT:
                    raise

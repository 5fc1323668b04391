"""What the clients of CRMs have alike that are asked over HTTP: their address, patience and secrets, the token that is lent
to them, and how long they wait where they ask too often."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from crm.base import Access, Budget
from crm.destination import Destination
from lib.http.errors import TooOften
from lib.http.exchange import Answer, Http, Patience, host_of

MOST_BYTES = 8 * 1024 * 1024  # of one answer: hundreds of records with long notes, or all fields of a large object
# How often, and for how many seconds at most, is waited here where we ask too often. What takes longer is put off as a whole.
WAITS, LONGEST_WAIT = 2, 2.0

Said = TypeVar("Said")


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

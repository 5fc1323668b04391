"""Events on their way to the receiver: several at once, but never two of one outcome.

A batch is parted by outcomes. A few threads take one outcome after the other, and post its events in their order: what follows
one that was not taken is not posted, so that a later revision never overtakes an earlier one. As soon as something goes wrong
that would go wrong for the next one too, nobody begins another: a receiver that hangs costs one time-out, not one for each event.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from crm.base import Again, Budget, Done, Event, Refused, Result
from crm.destination import Destination
from crm.webhook.answers import understood
from crm.webhook.hands import Hands
from lib import clock
from lib.http import guarded, signing
from lib.http.errors import AskedWrongly, ExchangeError, Unavailable, Uncertain
from lib.http.exchange import Answer, Http, Patience, host_of

WHAT = "the event"
MOST_OF_AN_ANSWER = 64 * 1024  # bytes; nothing but its first words is of use
LONGEST_CONNECT = 10.0
_LATER = Again("An earlier event of this outcome was not taken, and goes first.")
_STOPPED = "It was not posted: others of its batch failed before."


class Client:
    """One receiver. Shared by threads."""

    def __init__(self, destination: Destination, budget: Budget):
        own = destination.settings
        seconds = float(own["timeout_seconds"])
        patience = Patience(
            connect=min(LONGEST_CONNECT, seconds),
            read=seconds,
            whole=seconds,
            altogether=seconds,
            most_bytes=MOST_OF_AN_ANSWER,
        )
        self._admits = None if own["allow_private_addresses"] else guarded.public
        self._http = Http(patience, own["ca_file"], self._admits)
        self._url = str(own["url"])
        self._keys = [signing.key(secret) for secret in own["secrets"]]
        self._hidden = [*_hidden(self._url), *signing.parts(own["secrets"])]
        self._most_bytes = int(own["largest_event_kib"]) * 1024
        self._budget = budget
        self.at_once = int(own["at_once"])
        self.hands = Hands()

    @property
    def host(self) -> str:
        return host_of(self._url)

    def knock(self) -> Answer:
        """Ask what nobody acts on (HEAD): whether somebody answers there, with a certificate that can be verified. Raises as
        ``Http.exchange`` does."""
        self._may_ask()
        self._budget.take("requests")
        return self._http.exchange("HEAD", self._url, what="HEAD")

    def post(self, event: Event) -> Result:
        """Post it once. Raises as ``answers.understood`` does, Unavailable where it certainly did not arrive, and Uncertain where
        it may have."""
        body = written(event)
        if len(body) > self._most_bytes:
            size, most = -(-len(body) // 1024), self._most_bytes // 1024
            return Refused(
                "too_large",
                f"The event has {size} KiB, and largest_event_kib allows {most}; nothing was sent. Allow more, and retry it.",
            )
        self._may_ask()
        self._budget.take("requests")
        headers = {
            "Content-Type": "application/json",
            **signing.headers(event.id, int(clock.now().timestamp()), body, self._keys),
        }
        try:
            answer = self._http.exchange("POST", self._url, what=WHAT, data=body, headers=headers)
        except Uncertain as error:
            if error.status is None or not 200 <= error.status < 300:
                raise
            return Done(event.id)  # its status is all that counts, however its body ends
        except AskedWrongly as error:  # it cannot even be written to the line: the URL is wrong, and not this event
            raise Unavailable(str(error)) from None
        return understood(answer, event.id, self.host, WHAT, self._hidden)

    def _may_ask(self) -> None:
        """Raises Unavailable where the URL says already that it leads nowhere we go."""
        mistake = guarded.mistake(self._url, private=self._admits is None)
        if mistake:
            raise Unavailable(f"{WHAT} was not sent. url: {mistake}")


def _hidden(url: str) -> list[str]:
    """What a receiver's words may repeat of the URL, which may be a secret in itself: the whole, and its end."""
    parts = urlsplit(url)
    return [url, f"{parts.path}?{parts.query}", parts.path, parts.query]


def written(event: Event) -> bytes:
    """The body, as it is signed and sent."""
    return _json(
        {
            "type": event.type,
            "timestamp": clock.iso(event.at),
            "data": {
                "outcome": event.outcome,
                "changed_fields": None if event.changed_fields is None else list(event.changed_fields),
            },
        }
    )


class Posts:
    """Outcomes to a webhook. ``crm.base.Events``."""

    def post(self, client: Client, events: Sequence[Event]) -> Sequence[Result]:
        """Raises where nothing of the batch was taken and it is not the fault of one event: then none of them is done, all wait,
        and all may be posted again. Where some were taken, the others are ``Again``, each with its sentence: also one of which
        nobody can tell, since it has its id."""
        return _Batch(client, events).done()


POSTS = Posts()


class _Batch:
    """One call of ``post``."""

    def __init__(self, client: Client, events: Sequence[Event]):
        self._client = client
        self._events = events
        self._results: list[Result | None] = [None] * len(events)
        self._failure: ExchangeError | None = None  # the first that is about all of them
        self._fault: BaseException | None = None  # and the first that is our own
        self._stopped = False
        self._tried: set[str] = set()  # ids of events
        groups: dict[object, list[int]] = {}
        for at, event in enumerate(events):
            groups.setdefault(event.outcome["id"], []).append(at)
        self._groups = deque(groups.values())

    def done(self) -> Sequence[Result]:
        wait = self._client.hands.begin(self._work, min(self._client.at_once, len(self._groups)) - 1)
        self._work()  # this thread, too, and where there is one outcome it alone
        wait()
        if self._fault is not None:
            raise self._fault
        tried = [result for result in self._results if result is not None and result is not _LATER]
        taken = any(isinstance(result, Done | Refused) for result in tried)
        if not taken and (self._failure is not None or len(tried) > 1):
            said = next((result.answer for result in tried if isinstance(result, Again)), "")
            failure = self._failure or Unavailable(said)
            failure.tried = self._tried
            raise failure
        after = self._failure.retry_after if self._failure else None
        said = str(self._failure) if self._failure else _STOPPED
        pairs = zip(self._events, self._results, strict=True)
        return [
            Again(said, after, tried=event.id in self._tried) if result is None else result for event, result in pairs
        ]

    def _work(self) -> None:
        while not self._stopped:
            try:
                group = self._groups.popleft()
            except IndexError:
                return
            try:
                self._post(group)
            except ExchangeError as error:
                self._stopped = True
                self._failure = self._failure or error
            except BaseException as error:  # noqa: BLE001 - of a thread's own; ``done`` raises it
                self._stopped = True
                self._fault = self._fault or error

    def _post(self, group: Sequence[int]) -> None:
        for place, at in enumerate(group):
            if self._stopped:
                return
            self._tried.add(self._events[at].id)
            try:
                result = self._client.post(self._events[at])
            except Uncertain as error:  # the next one might hang as well
                result, self._stopped = Again(str(error)), True
            self._results[at] = result
            if not isinstance(result, Done | Refused):
                for later in group[place + 1 :]:
                    self._results[later] = _LATER
                return


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # a whole number of more than 64 bits: dialers send those too
        return json.dumps(value).encode("ascii")

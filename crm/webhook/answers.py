"""What a receiver's answer means for the event, and for those that follow it.

Standard Webhooks 1.0.0: 2xx is success, and nothing else is; a redirect is a failure; 410 asks for no more; 429, 502 and 504 ask
for less, and Retry-After says until when.

Of the other 4xx it says only that they are failures, which are tried again for days. Two kinds are told apart here:

* What is about the door and not about the event (401, 403, 404, 405, 407): a token that was renewed, a route that a deployment
  has taken away for ten minutes, a firewall. Somebody mends it, and until then every event gets that answer. Were they refused
  for good, ten minutes would cost thousands of outcomes; so the destination waits as a whole, minutes at a time, and says why.
  (Not for an hour, as with credentials of ours that a CRM refuses: nobody's account is locked by another try.)
* What is about the event (400, 409, 413, 422 and the rest): the same bytes get the same answer. It is refused with the receiver's
  words, stops nobody else, and can be retried by hand.

408, 425 and 429 say by their meaning that they pass. 5xx says nothing of what was done before it failed; the event has the same
id the next time, so it is simply posted again.
"""

import re
from collections.abc import Sequence

from crm.base import Again, Done, Refused, Result, SwitchedOff
from lib import charsets, masking, rawjson
from lib import text as texts
from lib.http.errors import ExchangeError, Unavailable
from lib.http.exchange import Answer, cannot_now, retry_after

LONGEST_WORDS = 200  # characters
_READ = 4096  # bytes of an answer that are looked at
_SHORTEST_SECRET = 6  # what is shorter stands in any text by chance
_PASSES = (408, 425, 429, 502, 503, 504)
_GUARDED = (401, 403, 407)
_NOWHERE = (404, 405)
_REASONS = {400: "validation", 413: "too_large", 414: "too_large", 415: "not_understood", 422: "validation"}
_SAYS = ("message", "error", "detail", "title", "error_description")
_BLANKS = re.compile(r"\s+")


def understood(answer: Answer, event_id: str, host: str, what: str, secrets: Sequence[str]) -> Result:
    """What became of the event. Raises SwitchedOff or Unavailable where the answer is about all of them."""
    status = answer.status
    if 200 <= status < 300:
        return Done(event_id)
    if status == 410:
        raise SwitchedOff(f"{host} wants no more events (410 to {what}). Resume the destination when it does again.")
    if status in _PASSES:
        raise cannot_now(answer, host, what)
    if status in _GUARDED:
        todo = "Check url, whether the receiver knows the secret, and what guards it there."
        raise _door(answer, f"{host} does not let {what} in ({status}). {todo}")
    if status in _NOWHERE:
        raise _door(answer, f"{host} takes no events at this address ({status} to {what}). Check url.")
    if status < 400:
        sentence = f"{host} sent {what} elsewhere ({status}). Check url: redirects are not followed."
        raise _door(answer, sentence)
    said = words(answer, secrets)
    if status >= 500:
        return Again(_sentence(f"{host} failed ({status})", said))
    return Refused(_REASONS.get(status, "refused"), _sentence(f"{host} refused the event ({status})", said))


def words(answer: Answer, secrets: Sequence[str]) -> str:
    """The receiver's own, shortened, in one line; nothing of a page, and none of our secrets, which an echo would hold."""
    kind = (answer.headers.get("Content-Type") or "").lower()
    if "html" in kind:
        return ""
    said = charsets.utf8(answer.body[:_READ], kind).decode("utf-8", "replace")
    try:
        object_said = rawjson.loads(answer.body[:_READ])
    except rawjson.NotJson:
        object_said = None
    if isinstance(object_said, dict):
        said = next((text for name in _SAYS if isinstance(text := object_said.get(name), str) and text.strip()), said)
    said = _BLANKS.sub(" ", texts.visible(_BLANKS.sub(" ", said))).strip()
    hidden = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    for secret in hidden:
        said = said.replace(secret, masking.MASK)
    # Of these also what is written otherwise, or cut; the beginning of a URL is that of any.
    said = str(masking.masked(said, [secret for secret in hidden if "://" not in secret]))
    return texts.clean(said if len(said) <= LONGEST_WORDS else said[: LONGEST_WORDS - 1] + "\u2026")


def _sentence(begin: str, said: str) -> str:
    return f"{begin}: {said}" if said else f"{begin}."


def _door(answer: Answer, sentence: str) -> ExchangeError:
    error = Unavailable(sentence)
    error.retry_after = retry_after(answer.headers.get("Retry-After"))
    return error

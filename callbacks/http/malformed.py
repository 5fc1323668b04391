"""What is no proper HTTP. A callback is one all the same: its bytes are kept as its body, without the secrets in them. Whoever
else sends it is told."""

import io
import re

import orjson
from gunicorn.http.errors import ExpectationFailed, LimitRequestHeaders, LimitRequestLine, UnsupportedTransferCoding

from lib import ids

TARGET = re.compile(rb"\s*([!-~]{1,64})[ \t]+(?:(?i:https?)://[^/\s]*)?(/+callbacks(?![^/?\s])\S*)")
# Possessive, for a stranger may send a million slashes.
_TOKEN = re.compile(rb"(?i)(/callbacks/++[^/\s]*+/++)[^/\s?]+")
# To the end of its line and of those that continue it. A line may end in a lone CR: then it goes on, unless a blank line or
# another field follows.
_SECRET = re.compile(
    rb"(?i)(?<![^\r\n])[\x00-\x09\x0b\x0c\x0e-\x20]*((?:proxy-)?authorization|cookie)(?![\w-])"
    rb"[^\r\n]*(?:(?:\r\n?|\n)[ \t][^\r\n]*|\r(?![\r\n]|[\w!#$%&'*+.^`|~-]+[ \t]*:)[^\r\n]*)*"
)


# A target as PHP and curl send it where nobody has encoded it: with blanks, and with letters that are not ASCII.
_LOOSE = re.compile(rb"([!-~]{1,64} )([!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?)( HTTP/1\.[01]\r?)\Z")
_TO_SPELL = re.compile(rb"[ \x80-\xff]")


# A fault of HTTP itself -> status, ``error_id``, sentence; whatever else is wrong with it, the last.
_REFUSALS = {
    LimitRequestLine: ("414 URI Too Long", "too_large", "The address is longer than 8,190 bytes; send less in it."),
    LimitRequestHeaders: (
        "431 Request Header Fields Too Large",
        "too_large",
        "There are more than 100 headers, or one of more than 8,190 bytes; send less in them.",
    ),
    ExpectationFailed: ("417 Expectation Failed", "bad_request", "Nothing but 100-continue can be expected."),
    UnsupportedTransferCoding: ("501 Not Implemented", "bad_request", "Of transfer codings, chunked alone is known."),
    Exception: ("400 Bad Request", "bad_request", "This is no proper HTTP/1.1, so it cannot be read."),
}


def refusal(error: Exception) -> bytes:
    """The whole answer to what is no proper HTTP and no callback, as every error of the API looks. It repeats nothing."""
    status, error_id, message = next(said for kind, said in _REFUSALS.items() if isinstance(error, kind))
    request = str(ids.new())
    body = orjson.dumps({"error_id": error_id, "message": message, "details": {}, "request_id": request})
    head = (
        f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request}\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body


class BrokenRequest:
    """Stands for a request that could not be told apart: its bytes are its body."""

    def __init__(self, method: str, target: str, said: bytes):
        self.method, self.uri, self.scheme, self.version = method, target, "http", (1, 1)
        self.path, _, self.query = target.partition("?")
        self.headers = [("CONTENT-LENGTH", str(len(said)))]
        self.body = io.BytesIO(said)
        self.proxy_protocol_info = None
        self._expected_100_continue = False

    def should_close(self) -> bool:
        return True


def spelled(head: bytes) -> bytes:
    """A request's head with percent signs for what its target must not hold as it is; the same where that is not what is wrong
    with it."""
    first, end, fields = head.partition(b"\n")
    found = _LOOSE.match(first)
    if found is None:
        return head
    return found[1] + _TO_SPELL.sub(lambda sign: b"%%%02X" % ord(sign[0]), found[2]) + found[3] + end + fields


def without_secrets(said: bytes) -> bytes:
    """A request's bytes without the token in its path and without what its head says to prove who sends it."""
    start = len(said) - len(said.lstrip())  # line ends may stand before
    head, blank, body = said[start:].partition(b"\r\n\r\n")
    head = _SECRET.sub(rb"\1: ...", head)
    first, end, fields = head.partition(b"\n")
    first = _TOKEN.sub(rb"\1...", first)
    return said[:start] + first + end + fields + blank + body

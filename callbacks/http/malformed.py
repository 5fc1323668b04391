"""What is no proper HTTP, and a callback all the same: its bytes are kept as its body, without the secrets in them."""

import io
import re

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

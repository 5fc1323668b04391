"""A JSON Web Token signed with an RSA key (RS256: RFC 7515, 7518, 8017), by which an app shows who it is without a secret.

The key is read from PEM, as ``openssl genrsa`` writes it: PKCS #8, or PKCS #1. Why no library does this stands in docs/decisions.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PEM = re.compile(r"-----BEGIN (?P<kind>(?:RSA )?PRIVATE KEY)-----\s(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=kind)-----")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_SHA_256 = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2: what stands before the digest
LEAST_BITS = 2048
NO_KEY = (
    "Must be a file with an RSA private key in PEM, without a password, as `openssl genrsa -out key.pem 2048` makes it."
)


@dataclass(frozen=True)
class Key:
    """``modulus``, ``public`` and ``private``: n, e and d of RFC 8017."""

    modulus: int
    public: int
    private: int


def read(path: str) -> Key:
    """Raises ValueError with a sentence that holds nothing of the file."""
    try:
        with open(path, encoding="ascii") as file:
            found = _PEM.search(file.read(64 * 1024))
        assert found is not None
        return _key(base64.b64decode("".join(found["body"].split()), validate=True), found["kind"])
    except (OSError, UnicodeDecodeError, AssertionError, binascii.Error, IndexError):
        raise ValueError(NO_KEY) from None


def token(key: Key, claims: Mapping[str, Any]) -> str:
    """The claims, signed."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    said = b".".join(map(_url_safe, parts))
    return b".".join((said, _url_safe(_signature(key, said)))).decode()


def _signature(key: Key, said: bytes) -> bytes:
    size = (key.modulus.bit_length() + 7) // 8
    digest = _SHA_256 + hashlib.sha256(said).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    number = int.from_bytes(padded, "big")
    signed = pow(number, key.private, key.modulus)
    if pow(signed, key.public, key.modulus) != number:
        raise ValueError(NO_KEY)  # its parts do not belong together
    return signed.to_bytes(size, "big")


def _url_safe(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


# DER --------------------------------------------------------------------------------------------------------------------
def _key(data: bytes, kind: str) -> Key:
    members = _members(_part(data, 0, _SEQUENCE)[0])
    if kind == "PRIVATE KEY":  # a version, the algorithm, and the key of RFC 8017 in octets
        members = _members(_part(members[2][1], 0, _SEQUENCE)[0])
    numbers = [int.from_bytes(value, "big") for tag, value in members if tag == _INTEGER]
    key = Key(numbers[1], numbers[2], numbers[3])
    if key.modulus.bit_length() < LEAST_BITS:
        raise ValueError(f"The key has {key.modulus.bit_length()} bits; {LEAST_BITS} are the least.")
    return key


def _members(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        value, end = _part(data, at)
        found.append((data[at], value))
        at = end
    return found


def _part(data: bytes, at: int, tag: int | None = None) -> tuple[bytes, int]:
    """(what stands there, where the next begins)."""
    if tag is not None and data[at] != tag:
        raise IndexError
    size, begin = data[at + 1], at + 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(data[at + 2 : begin], "big")
    if begin + size > len(data):
        raise IndexError
    return data[begin : begin + size], begin + size

"""A JSON Web Token signed with an RSA key (RS256: RFC 7515, 7518), by which an app shows who it is without a secret."""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LEAST_BITS = 2048
LARGEST_FILE = 64 * 1024
NO_KEY = (
    "Must be a file with an RSA private key in PEM, without a password, as `openssl genrsa -out key.pem 2048` makes it."
)


def read(path: str) -> "RSAPrivateKey":
    """Raises ValueError with a sentence that holds nothing of the file."""
    # Loaded where a key is used: megabytes that every process would carry.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with open(path, "rb") as file:
            key = load_pem_private_key(file.read(LARGEST_FILE), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(NO_KEY) from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(NO_KEY)
    if key.key_size < LEAST_BITS:
        raise ValueError(f"The key has {key.key_size} bits; {LEAST_BITS} are the least.")
    return key


def token(key: "RSAPrivateKey", claims: Mapping[str, Any]) -> str:
    """The claims, signed."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    said = b".".join(map(_url_safe, parts))
    return b".".join((said, _url_safe(key.sign(said, PKCS1v15(), SHA256())))).decode()


def _url_safe(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")

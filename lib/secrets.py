"""Secrets: made with the system's randomness, stored as hashes, compared in constant time."""

import base64
import hashlib
import hmac
import secrets


def make(size: int = 24) -> str:
    """A new random secret that is safe in a URL."""
    return secrets.token_urlsafe(size)


def hashed(secret: str) -> str:
    """SHA-256 in hex. Our secrets are long and random, so a slow hash would only cost time."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fingerprint(secret: str, key: str) -> str:
    """What tells two secrets apart without telling either: keyed, so that nobody without the key can try guesses on it."""
    return hmac.new(key.encode(), secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def derived(purpose: str, key: str) -> str:
    """A secret that is safe in a URL, the same for whoever has the key. It tells neither the key nor those of other purposes."""
    made = hmac.new(key.encode("utf-8", "surrogatepass"), f"wrapup {purpose}".encode(), hashlib.sha256).digest()[:24]
    return base64.urlsafe_b64encode(made).decode()


def same(one: str, other: str) -> bool:
    """Equal, told in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def any_same(given: str, known: list[str]) -> bool:
    """Whether the given secret is one of the known; looks at all of them whatever the first says."""
    return sum([same(given, secret) for secret in known]) > 0

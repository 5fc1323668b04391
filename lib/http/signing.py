"""Signatures by Standard Webhooks 1.0.0: which bytes are signed, and with what.

github.com/standard-webhooks/standard-webhooks, "Signature scheme": HMAC-SHA256 over ``{id}.{timestamp}.{body}``; while secrets
are rotated, a signature by each of them, with blanks between.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes


def key(secret: str) -> bytes:
    """The bytes that ``whsec_...`` stands for. Raises ValueError with a sentence, which does not repeat it."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"A secret begins with {PREFIX}; this one does not.")
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"After {PREFIX} a secret is base64; this one is not.") from None
    if not SHORTEST <= len(found) <= LONGEST:
        raise ValueError(
            f"A secret is {SHORTEST} to {LONGEST} bytes in base64 after {PREFIX}; this one is {len(found)} bytes."
        )
    return found


def parts(secrets: Sequence[str]) -> tuple[str, ...]:
    """The secrets, and each as it may also be written: without its beginning."""
    return (*secrets, *(one.removeprefix(PREFIX) for one in secrets))


def headers(event_id: str, at: int, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """What goes along with the body: ``at`` is now, in unix seconds. ``event_id`` has no full stop, since one parts what is
    signed."""
    signed = b"%s.%d.%s" % (event_id.encode(), at, body)
    signatures = (base64.b64encode(hmac.digest(one, signed, hashlib.sha256)).decode() for one in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }

"""Standard Webhooks 1.0.0 from the receiver's side: whether an event is from who shares a secret with us, and was sent just now.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
FRESH_SECONDS = 300
SHORTEST, LONGEST = 24, 64  # bytes of a secret


def key(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError where it is none."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("A secret is whsec_ and base64.") from None
    if not secret.startswith(PREFIX) or not SHORTEST <= len(found) <= LONGEST:
        raise ValueError(f"A secret is whsec_ and base64 of {SHORTEST} to {LONGEST} bytes.")
    return found


def signature(key: bytes, id_: str, timestamp: str, body: bytes) -> str:
    signed = f"{id_}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def fault(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: float) -> str | None:
    """What is wrong with a request; None: it is signed with one of the keys. Every signature is compared with every key, each
    in the same time whatever it holds, so that nobody learns one by trying."""
    id_, timestamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not id_ or not timestamp or not signatures:
        return "webhook-id, webhook-timestamp and webhook-signature are needed"
    if "." in id_:
        return "webhook-id has a full stop"
    if not timestamp.isdigit():
        return "webhook-timestamp is not in whole seconds"
    if abs(now - int(timestamp)) > FRESH_SECONDS:
        return "webhook-timestamp is more than five minutes from now"
    given = []
    for one in signatures.split(" "):
        version, comma, value = one.partition(",")
        if not comma:
            return "webhook-signature is not a list of version,signature"
        if version == "v1":
            given.append(value)
    expected = [signature(one, id_, timestamp, body) for one in keys]
    matches = [hmac.compare_digest(mine.encode(), value.encode()) for mine in expected for value in given]
    return None if any(matches) else "no signature is of a secret that is known here"

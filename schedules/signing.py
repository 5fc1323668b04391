"""Signatures of an S3-compatible store: AWS Signature Version 4, of a request whose body is known.

docs.aws.amazon.com, "Create a signed AWS API request". Ours have no query, and paths that are written in one way alone.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
_PORTS = {"http": ":80", "https": ":443"}  # that no client writes into its header Host


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def headers(
    verb: str, url: str, digest: str, at: datetime, access_key: str, secret_key: str, region: str
) -> dict[str, str]:
    """What goes along with a body of this SHA-256, in hex. ``at`` is now, in UTC."""
    parts = urlsplit(url)
    moment = f"{at:%Y%m%dT%H%M%SZ}"
    host = parts.netloc.lower().removesuffix(_PORTS[parts.scheme])
    signed = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    signature = signature_of(verb, parts.path, signed, secret_key, region)
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    authorization = (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={';'.join(signed)}, Signature={signature}"
    )
    return {name: value for name, value in signed.items() if name != "host"} | {"Authorization": authorization}


def signature_of(verb: str, path: str, signed: Mapping[str, str], secret_key: str, region: str) -> str:
    """Over these headers, in the order of their names; ``x-amz-date`` and the body's hash are among them."""
    moment = signed["x-amz-date"]
    canonical = [verb, path, "", *(f"{name}:{value}" for name, value in signed.items()), "", ";".join(signed)]
    request = "\n".join([*canonical, signed["x-amz-content-sha256"]])
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = "\n".join([ALGORITHM, moment, scope, sha256(request.encode())])
    key = f"AWS4{secret_key}".encode()
    for part in (moment[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

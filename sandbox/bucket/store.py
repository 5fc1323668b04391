"""A store with one pair of keys. Signatures are worked out from the request as it came, by the vendor's description of Signature
Version 4, and by no code of ours.

Faults, besides those of every sandbox: ``storage_full`` (507), ``quota`` (403, which is no matter of credentials).
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from flask import Flask, Response, g, request

from sandbox import faults
from sandbox.faults import COMMON, Faults
from sandbox.server import Application

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIDSANDBOX", "sandbox-secret-key", "eu-central-1", "reports"
OWN = {
    "storage_full": (507, "XMinioStorageFull"),
    "quota": (403, "QuotaExceeded"),
}


@dataclass
class Store:
    """Key -> content, and how often each was put."""

    objects: dict[str, bytes] = field(default_factory=dict)
    puts: dict[str, int] = field(default_factory=dict)
    faults: Faults = field(default_factory=lambda: Faults((*COMMON, *OWN)))


def create_app(store: Store) -> Flask:
    """The WSGI application of one store."""
    app = Application("bucket-sandbox")
    faults.install(app, store.faults)

    @app.put("/<bucket>/<path:key>")
    def put(bucket: str, key: str) -> Response:
        struck = next((OWN[name] for name in OWN if name in g.faults), None)
        if struck:
            return _refused(*struck)
        body = request.get_data()
        if hashlib.sha256(body).hexdigest() != request.headers.get("x-amz-content-sha256"):
            return _refused(400, "XAmzContentSHA256Mismatch")
        if not signed():
            return _refused(403, "SignatureDoesNotMatch")
        if bucket != BUCKET:
            return _refused(404, "NoSuchBucket")
        store.objects[key] = body
        store.puts[key] = store.puts.get(key, 0) + 1
        return Response("", 200)

    return app


def signed() -> bool:
    """Whether the request at hand has a signature of our key."""
    algorithm, _, rest = request.headers.get("Authorization", "").partition(" ")
    given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    access, day, *place = given.get("Credential", "").split("/")
    names = given.get("SignedHeaders", "").split(";")
    date = request.headers.get("x-amz-date", "")
    if (algorithm, access, place) != ("AWS4-HMAC-SHA256", ACCESS_KEY, [REGION, "s3", "aws4_request"]):
        return False
    if not date.startswith(day) or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
        return False
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    lines = "".join(f"{name}:{request.headers[name].strip()}\n" for name in sorted(names))
    canonical = (
        f"PUT\n{raw.partition('?')[0]}\n\n{lines}\n{';'.join(sorted(names))}\n{request.headers['x-amz-content-sha256']}"
    )
    to_sign = (
        f"AWS4-HMAC-SHA256\n{date}\n{day}/{REGION}/s3/aws4_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    )
    key = ("AWS4" + SECRET_KEY).encode()
    for step in (day, REGION, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), "sha256").digest()
    return hmac.compare_digest(hmac.new(key, to_sign.encode(), "sha256").hexdigest(), given.get("Signature", ""))


def _refused(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code><Message>No.</Message></Error>", status, mimetype="application/xml")

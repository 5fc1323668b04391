"""The token of an app: by its secret, or by a request that it has signed with its key."""

import base64
import hashlib
import time
from typing import Any

import orjson
from flask import Flask, jsonify, request

from sandbox.salesforce.account import App, Salesforce

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST = 300  # seconds for which a signed request may be good
_SHA_256 = bytes.fromhex("3031300d060960864801650304020105000420")


def install(app: Flask, org: Salesforce) -> None:
    @app.post("/services/oauth2/token")
    def token():
        given = request.form
        if request.mimetype != "application/x-www-form-urlencoded" or request.args:
            return _no(org, "invalid_request", "a form, and nothing in the address", wrong=True)
        if given.get("grant_type") == "client_credentials":
            if set(given) != {"grant_type", "client_id", "client_secret"}:
                return _no(org, "invalid_request", "client_id and client_secret", wrong=True)
            if (given["client_id"], given["client_secret"]) != (org.app.id, org.app.secret):
                return _no(org, "invalid_client", "invalid client credentials")
        elif given.get("grant_type") == JWT_BEARER and set(given) == {"grant_type", "assertion"}:
            mistake = _mistake(org.app, given["assertion"])
            if mistake:
                return _no(org, "invalid_grant", mistake)
        else:
            return _no(org, "unsupported_grant_type", "grant type not supported", wrong=True)
        return jsonify(
            access_token=org.granted(),
            signature="c2lnbmF0dXJl",
            scope="api",
            instance_url=request.host_url.rstrip("/"),
            id=f"{request.host_url}id/00D000000000666EAA/{org.user}",
            token_type="Bearer",
            issued_at=str(int(time.time() * 1000)),
        )


def _no(org: Salesforce, error: str, why: str, wrong: bool = False) -> Any:
    org.note_refused(wrong, {"verb": "POST", "path": request.path, "why": why})
    return jsonify(error=error, error_description=why), 400


def _mistake(app: App, assertion: str) -> str | None:
    """What is wrong with a signed request."""
    try:
        head, claims, signature = (_plain(part) for part in assertion.split("."))
        said, header = orjson.loads(claims), orjson.loads(head)
    except ValueError:
        return "invalid assertion"
    if header.get("alg") != "RS256" or said.get("iss") != app.id:
        return "client identifier invalid"
    if said.get("sub") != app.username:
        return "user hasn't approved this consumer"
    if said.get("aud") != app.audience:
        return "audience is invalid"
    if not isinstance(said.get("exp"), int) or not 0 < said["exp"] - time.time() <= LONGEST:
        return "assertion is expired"
    if app.modulus is not None and not _is_signed(app, assertion.rpartition(".")[0].encode(), signature):
        return "invalid assertion"
    return None


def _plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _is_signed(app: App, said: bytes, signature: bytes) -> bool:
    assert app.modulus is not None
    size = (app.modulus.bit_length() + 7) // 8
    digest = _SHA_256 + hashlib.sha256(said).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(signature, "big"), app.exponent, app.modulus).to_bytes(size, "big") == wanted

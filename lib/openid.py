"""OpenID Connect, from the side of whoever relies on a provider: the authorization code flow with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html, RFC 7636 (PKCE), RFC 9207 (``iss`` in the answer, against mix-ups).
What a provider says counts only in an ID token whose signature, issuer, audience, time and nonce are all right; nothing else
of its answers is believed. Its documents are kept for an hour; a key that is not among those we know is looked for once a minute.
"""

import base64
import contextlib
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode, urlsplit

from lib import clock, secrets
from lib.http.errors import ExchangeError
from lib.http.exchange import Answer, Http, Patience, host_of

# Signed with a key that the provider alone has: never ``none``, and never one that whoever knows our secret could use.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
KINDS = ("RSA", "EC", "OKP")  # of keys of which others know the public half alone
LEEWAY = 60.0  # seconds by which clocks may differ
LONGEST_TOKEN = 16 * 1024
POST, BASIC = "client_secret_post", "client_secret_basic"  # in the body, or in a header
KEPT, AGAIN = 3600.0, 60.0
PATIENCE = Patience(connect=5.0, read=10.0, whole=10.0, most_bytes=1024 * 1024, altogether=15.0)


class Away(Exception):
    """The provider could not be asked. The message is a sentence, without anything secret."""


class Untrusted(Exception):
    """What came is not to be believed, or is a no. The message is a sentence."""


class Begun(NamedTuple):
    """A sign-in that has begun: what its browser keeps until it comes back, and where it is sent."""

    state: str
    nonce: str
    verifier: str
    url: str


@dataclass(frozen=True)
class Client:
    """How the provider knows us."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    ca_file: str | None = None


class Provider:
    """One provider. Shared by threads."""

    def __init__(self, client: Client):
        self._client = client
        self._http = Http(PATIENCE, client.ca_file)
        self._lock = threading.Lock()
        self._found: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, Any] | None = None

    def begin(self, redirect_uri: str) -> Begun:
        """Raises Away and Untrusted."""
        state, nonce, verifier = secrets.make(), secrets.make(), secrets.make(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"response_type": "code", "client_id": self._client.client_id, "redirect_uri": redirect_uri}
        asked |= {"scope": " ".join(self._client.scopes), "state": state, "nonce": nonce}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        address = self._document()["authorization_endpoint"]
        return Begun(state, nonce, verifier, f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}")

    def end_session_url(self, back: str) -> str | None:
        """Where a person signs out at the provider; None where it has no such address, or cannot be asked."""
        try:
            address = self._document().get("end_session_endpoint")
        except (Away, Untrusted):
            return None
        if not isinstance(address, str) or not self._may_be_asked(address):
            return None
        asked = {"client_id": self._client.client_id, "post_logout_redirect_uri": back}
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"

    def redeem(self, code: str, begun_nonce: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The claims of whoever has come back with this code. Raises Away and Untrusted."""
        document, host = self._document(), self._host()
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        given |= {"code_verifier": verifier, "client_id": self._client.client_id}
        in_body = {**given, "client_secret": self._client.client_secret}
        for takes in _ways(document):
            own = {"data": in_body} if takes == POST else {"data": given, "more": {"Authorization": self._basic()}}
            answer = self._asked("POST", document["token_endpoint"], **own)
            said = answer.said()
            if not (isinstance(said, dict) and said.get("error") == "invalid_client"):
                break
        if 400 <= answer.status < 500:
            why = said.get("error") if isinstance(said, dict) else None
            told = (
                f" ({why})" if isinstance(why, str) and why.isascii() and why.isprintable() and len(why) < 100 else ""
            )
            raise Untrusted(f"{host} did not take the code of this sign-in{told}.")
        token = said.get("id_token") if answer.status == 200 and isinstance(said, dict) else None
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise Away(f"{host} gave no ID token ({answer.status}).")
        return self._verified(token, begun_nonce)

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

        host = self._host()
        try:
            try:
                found = _decoded(token, self._key_set())
            except (
                InvalidKeyIdError,
                BadSignatureError,
            ):  # it signs with a new key, which may have the old one's name, or none
                found = _decoded(token, self._key_set(anew=True))
        except (JoseError, ValueError, TypeError) as error:
            raise Untrusted(f"{host}'s ID token is not signed as it must be ({type(error).__name__}).") from None
        claims: dict[str, Any] = dict(found.claims)
        if (wrong := self._wrong(claims, nonce)) is not None:
            raise Untrusted(f"{host}'s ID token is not for this sign-in: {wrong}.")
        return claims

    def _wrong(self, claims: Mapping[str, Any], nonce: str) -> str | None:
        """What is wrong with the claims; None: nothing."""
        now, aud = clock.now().timestamp(), claims.get("aud")
        audience = [aud] if isinstance(aud, str) else aud if isinstance(aud, list) else []
        if claims.get("iss") != self._client.issuer:
            return "it names another issuer"
        if self._client.client_id not in audience:
            return "it is meant for somebody else"
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != self._client.client_id:
            return "it was given to somebody else"
        times: dict[str, Any] = {name: claims.get(name) for name in ("exp", "iat", "nbf") if name in claims}
        if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in times.values()):
            return "its times cannot be read"
        # Without leeway: one that has just been made and is over shows a clock that is wrong, and that is said.
        if "exp" not in times or times["exp"] <= now:
            return "it is over, or this machine's clock is ahead of the provider's"
        if any(times.get(name, now) > now + LEEWAY for name in ("iat", "nbf")):
            return "it is not valid yet"
        if not isinstance(claims.get("nonce"), str) or not secrets.same(claims["nonce"], nonce):
            return "it answers another one"
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            return "it names nobody"
        return None

    def _document(self) -> dict[str, Any]:
        with self._lock:
            if self._found is not None and time.monotonic() - self._found[0] < KEPT:
                return self._found[1]
        host = self._host()
        said = self._json(self._client.issuer.rstrip("/") + "/.well-known/openid-configuration")
        # Before anything of it is used: a document of another issuer would send the code, and our secret, there.
        if said.get("issuer") != self._client.issuer:
            raise Untrusted(
                f"{host}'s configuration is another issuer's; is the setting exactly as the provider writes it?"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(said.get(name), str) or not self._may_be_asked(said[name]):
                raise Untrusted(f"{host}'s configuration has no usable {name}.")
        with self._lock:
            self._found = time.monotonic(), said
        return said

    def _key_set(self, anew: bool = False) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet, import_key

        with self._lock:
            held = self._keys
        age = KEPT if held is None else time.monotonic() - held[0]
        if held is not None and age < (AGAIN if anew else KEPT):
            return held[1]
        said = self._json(self._document()["jwks_uri"])
        listed = said.get("keys")
        keys = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        found = KeySet([])
        for one in keys:
            if one.get("kty") in KINDS:
                # One of another curve, say: what is not signed with it is checked all the same.
                with contextlib.suppress(JoseError, LookupError, ValueError, TypeError):
                    found.keys.append(import_key(one))
        with self._lock:
            self._keys = time.monotonic(), found
        return found

    def _json(self, address: str) -> dict[str, Any]:
        answer = self._asked("GET", address)
        said = answer.said()
        if answer.status != 200 or not isinstance(said, dict):
            raise Away(f"{self._host()} did not say how to sign in there ({answer.status}).")
        return said

    def _basic(self) -> str:
        """Name and secret in a header, as RFC 6749 has it (2.3.1): as a form writes each."""
        both = f"{quote_plus(self._client.client_id)}:{quote_plus(self._client.client_secret)}"
        return f"Basic {base64.b64encode(both.encode()).decode()}"

    def _asked(
        self,
        verb: str,
        address: str,
        data: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        host = host_of(address)
        headers = {"Accept": "application/json", **(more or {})}
        try:
            answer = self._http.exchange(verb, address, what="the sign-in", headers=headers, data=data, alone=True)
        except ExchangeError:
            raise Away(f"{host}, where people sign in, does not answer.") from None
        if answer.status >= 500 or answer.status == 429:
            raise Away(f"{host}, where people sign in, cannot answer now ({answer.status}).")
        return answer

    def _may_be_asked(self, address: str) -> bool:
        """Encrypted, unless the provider itself is not: one on this machine."""
        schemes = ("https",) if self._client.issuer.startswith("https:") else ("https", "http")
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.username is None

    def _host(self) -> str:
        return host_of(self._client.issuer)


def _decoded(token: str, keys: Any) -> Any:
    """By the key that the token names. Where it names none, or no key has a name, by the one that fits: all are the provider's;
    likewise of several of that name, which keys of different kinds may have (RFC 7517, 4.5). Raises JoseError and ValueError."""
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
    from joserfc.jws import extract_compact

    said, fitting = extract_compact(token.encode()).headers(), list(keys.keys)
    if "kid" in said and any(key.kid for key in fitting):
        fitting = [key for key in fitting if key.kid == said["kid"]]
        if not fitting:
            raise InvalidKeyIdError
        if len(fitting) == 1:
            return jwt.decode(token, fitting[0], algorithms=ALGORITHMS)
    for key in fitting:
        with contextlib.suppress(JoseError):
            return jwt.decode(token, key, algorithms=ALGORITHMS)
    raise BadSignatureError


def _ways(document: Mapping[str, Any]) -> tuple[str, ...]:
    """How our secret is told: in the body where the provider says that it takes that, else in a header. One that says nothing
    takes a header (OpenID Connect Discovery 1.0, section 3), and many a one takes a body all the same."""
    methods = document.get("token_endpoint_auth_methods_supported")
    if not isinstance(methods, list):
        return POST, BASIC
    return (POST,) if POST in methods else (BASIC,)

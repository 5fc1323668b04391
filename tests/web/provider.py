"""A small provider of OpenID Connect on this machine, over real HTTP: it signs in whoever comes, as whom a test says, and has
the faults that a test names."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "wrapup", "a-secret-of-the-client"


class Provider:
    """``claims``: of whom it signs in. ``faults``: names, each of which makes it err in one way."""

    def __init__(self):
        self.claims = {"sub": "u-1", "email": "priya@example.com", "groups": ["analysts"]}
        self.faults: dict[str, object] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "first"})
        self.codes: dict[str, dict] = {}
        self.asked: list[str] = []
        self.takes = ["client_secret_basic", "client_secret_post"]  # of our secret
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    # What it answers ------------------------------------------------------------------------------------------------
    def configuration(self, asked, given):
        issuer = self.faults.get("other_issuer", self.issuer)
        found = {"issuer": issuer, "jwks_uri": f"{self.issuer}/jwks", "end_session_endpoint": f"{self.issuer}/end"}
        found |= {"authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token"}
        found["token_endpoint_auth_methods_supported"] = self.takes
        return 200, {
            name: value for name, value in (found | self.faults.get("configuration", {})).items() if value != ()
        }

    def jwks(self, asked, given):
        return 200, {"keys": [*self.faults.get("keys", ()), self.key.as_dict(private=False)]}

    def authorize(self, asked, given):
        """Where the browser is sent back to. A real one would show a form first."""
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        if "says_no" in self.faults:
            back = {"error": "access_denied", "state": asked["state"]}
        else:
            code = f"code-{len(self.codes) + 1}"
            self.codes[code] = asked | {"used": False}
            back = {"code": code, "state": asked["state"]} | self.faults.get("back", {})
        return 303, f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, asked, given):
        if "token_status" in self.faults:
            return self.faults["token_status"], {"error": "unavailable"}
        begun = self.codes.get(given.get("code", ""))
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        right = begun is not None and not begun["used"] and begun["code_challenge"] == _coded(digest)
        right = right and begun["redirect_uri"] == given["redirect_uri"]
        basic = "client_secret_post" not in self.takes
        told = self.header if basic else given.get("client_secret")
        if told != ("Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode() if basic else SECRET):
            return 401, {"error": "invalid_client"}
        if not right:
            return 400, {"error": "invalid_grant"}
        begun["used"] = True
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(begun["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 3600, "nonce": nonce} | self.claims
        claims |= self.faults.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        signing = self.faults.get("signing", "RS256")
        if signing in ("none", "HS256"):  # with nothing, or with what the provider tells everybody
            text = f"{_part({'alg': signing, 'kid': self.key.kid})}.{_part(claims)}"
            public = self.key.as_pem(private=False)
            return f"{text}." + (_coded(hmac.digest(public, text.encode(), "sha256")) if signing == "HS256" else "")
        name = {"kid": self.key.kid or "first"}
        key = RSAKey.generate_key(2048, name) if signing == "stranger" else self.key
        named = {} if self.faults.get("unnamed") else name
        return jwt.encode({"alg": "RS256", **named}, claims, key)


def _part(told: dict) -> str:
    return _coded(json.dumps(told).encode())


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(provider: Provider):
    class Handler(BaseHTTPRequestHandler):
        def _answer(self, given):
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            provider.asked.append(parts.path)
            views = {"/.well-known/openid-configuration": provider.configuration, "/jwks": provider.jwks}
            provider.header = self.headers.get("Authorization")
            views |= {"/authorize": provider.authorize, "/token": provider.token}
            if "away" in provider.faults:
                status, said = 503, {}
            else:
                status, said = views[parts.path](asked, given)
            body = b"" if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            if isinstance(said, str):
                self.send_header("Location", said)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self._answer({})

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(text).items()})

        def log_message(self, *_):
            pass

    return Handler

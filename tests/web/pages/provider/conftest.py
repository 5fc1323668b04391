"""The application with a provider of OpenID Connect, a real one over HTTP, and a browser that goes there and comes back."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lib.openid import Client
from models import ApiKey, SignIn
from service.app import create_app
from tests.web.conftest import settings_for
from tests.web.pages.conftest import Browser
from tests.web.provider import CLIENT, SECRET, Provider
from web.context import context
from web.sign_in_settings import Oidc, Settings

ROLES = {"read": ("analysts",), "leads": ("dialers",), "admin": ("chiefs",)}
BACK = "/login/provider/back"


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.close()


def oidc_of(provider, **more) -> Oidc:
    given = {"label": "Company account", "claim": "groups", "roles": ROLES, "connections_claim": None}
    return Oidc(Client(provider.issuer, CLIENT, SECRET), **(given | more))


@pytest.fixture
def sign_in(provider):
    return Settings(oidc=oidc_of(provider))


@pytest.fixture
def app(database, database_url, tmp_path, sign_in):
    app = create_app(replace(settings_for(database_url, tmp_path), sign_in=sign_in))
    app.test_client_class = FlaskClient
    yield app
    context(app).database.close()


@pytest.fixture
def browser(app):
    return Browser(app.test_client())


def sent_back(browser, wanted="/calls") -> str:
    """Go to the provider as a browser does; the path by which it sends the browser back."""
    there = browser.get(f"/login/provider?next={wanted}")
    assert there.status_code == 303, there.text
    came = requests.get(there.headers["Location"], allow_redirects=False, timeout=30).headers["Location"]
    parts = urlsplit(came)
    assert parts.path == BACK
    return f"{parts.path}?{parts.query}"


def signed_in(browser, wanted="/calls"):
    return browser.get(sent_back(browser, wanted))


def people(database):
    with database.read() as session:
        return list(session.scalars(select(ApiKey).where(ApiKey.subject.is_not(None)).order_by(ApiKey.id)))


def sessions(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(SignIn))

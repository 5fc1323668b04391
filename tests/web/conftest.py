"""The application with its API, on both databases, and clients that hold a key."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dialers.base import Connection
from service.app import create_app
from service.settings.config import Settings
from web import keys
from web.context import context
from web.scraped import Scraped

# Where nobody listens.
NOBODY = {"portal_url": "http://127.0.0.1:9", "username": "a", "password": "b", "domain": "c", "account_id": "d"}
CONNECTIONS = {
    "ryng-main": Connection("ryng-main", "ryng", callback_tokens=("token-of-ryng",), default_country="IN"),
    "qvoice-main": Connection("qvoice-main", "qvoice", settings=NOBODY),
}


def settings_for(database_url: str, data_dir: Path) -> Settings:
    values = {
        "database_url": database_url,
        "data_dir": data_dir,
        "bind": "127.0.0.1:8080",
        "public_url": "http://127.0.0.1:8080",
        "workers": 1,
        "secret_key": "only-for-tests",
        "log_level": "error",
        "stranger_receipts": 10_000,
        "stranger_bytes": 1_000_000,
        "memory_bytes": 1_000_000,
        "connections": CONNECTIONS,
    }
    return Settings(**values)


@pytest.fixture
def app(database, database_url, tmp_path):
    app = create_app(settings_for(database_url, tmp_path))
    context(app).scraped = Scraped(0.0)  # tests change what they scrape in no time
    yield app
    context(app).database.close()


class ApiClient(FlaskClient):
    """Sends its key with every request, and refuses to be fooled by an answer that is not JSON."""

    key = None

    def open(self, *args, **kwargs):
        if self.key is not None and "headers" not in kwargs and not hasattr(args[0] if args else None, "headers"):
            kwargs["headers"] = {"Authorization": f"Bearer {self.key}"}
        return super().open(*args, **kwargs)


def client_with(app, database, *scopes: str) -> ApiClient:
    with database.write() as session:
        key = keys.create_key(session, " ".join(scopes), scopes)
    app.test_client_class = ApiClient
    client = app.test_client()
    client.key = key
    return client


@pytest.fixture(scope="module")
def asked(kept_database, tmp_path_factory):
    """(an application, its database) on both databases, for all tests of a module that change nothing there: making one for each
    takes longer than the asking."""
    url = kept_database.url.render_as_string(hide_password=False)
    app = create_app(settings_for(url, tmp_path_factory.mktemp("asked")))
    yield app, kept_database
    context(app).database.close()


@pytest.fixture(scope="module")
def asking_admin(asked):
    return client_with(*asked, "admin")


@pytest.fixture(scope="module")
def asking_reader(asked):
    return client_with(*asked, "read")


@pytest.fixture
def asking_nobody(asked):
    return asked[0].test_client()


@pytest.fixture
def admin(app, database):
    return client_with(app, database, "admin")


@pytest.fixture
def reader(app, database):
    return client_with(app, database, "read")


@pytest.fixture
def nobody(app):
    return app.test_client()

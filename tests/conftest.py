"""Fixtures: real databases. ``database`` runs a test on SQLite and on PostgreSQL; both are migrated, and empty."""

import gc
import os
import shutil
import ssl
import tempfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import structlog
import trustme
from hypothesis import HealthCheck, settings

import migrations
from models import audit
from models.database import Database
from tests import compiled
from tests.chaos.disks import disk
from tests.commands import Commands
from tests.databases import Databases, scratch
from tests.server import ROOT
from tests.standby import standby_of

# Before all else on the path of processes that tests start, so that these load what an installation has, and not what the tests'
# tools bring.
BARE = str(ROOT / "bench" / "bare")


# How fast examples are made says how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(items):
    """Files with tests that take long begin first: at the end, one process would work on them while the others wait."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_configure():
    gc.disable()  # until all is collected
    compiled.once()
    # Where a test configures no log, structlog draws each traceback in colours, with all variables: a second of processor time.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_finish():
    """What was collected, some hundred thousand objects, stays to the end: looking at it again and again for garbage took a
    fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (BARE, os.environ.get("PYTHONPATH"))))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """Tests do not read the settings of whoever runs them, and nobody acts at their beginning."""
    audit.acts_as(None)
    for name in list(os.environ):
        if name.startswith("WRAPUP_") and not name.startswith("WRAPUP_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def commands():
    """Runs ``wrapup`` as it is typed."""
    with Commands() as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "wrapup.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory):
    """The URL of a server on which databases may be made: WRAPUP_TEST_POSTGRESQL_URL, or one of our own."""
    given = os.environ.get("WRAPUP_TEST_POSTGRESQL_URL")
    if given:
        yield given
        return
    from rig.postgresql import server

    with server(durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def standby(postgresql_server):
    """A copy of that server that follows it (``tests.standby.Standby``)."""
    if os.environ.get("WRAPUP_TEST_POSTGRESQL_URL"):
        pytest.skip("A copy is made of a server of our own alone.")
    with standby_of(postgresql_server) as found:
        yield found


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server):
    return Databases(postgresql_server)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept_database(request, tmp_path_factory):
    """A migrated database of each kind for all tests of a module: for rows that many ask for and nobody changes."""
    folder = tmp_path_factory.mktemp("kept")
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copy(request.getfixturevalue("sqlite_template"), folder / "wrapup.db")
            url = f"sqlite:///{folder}/wrapup.db"
        else:
            url = stack.enter_context(request.getfixturevalue("postgresql_databases").empty())
        yield stack.enter_context(closing(Database(url)))


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    path = tmp_path / "wrapup.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def another_disk(tmp_path):
    """A folder on another one than ``tmp_path``."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no disk of memory")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def disk_of(tmp_path):
    """Makes a disk of its own, of so many bytes ("20M"), once in a test; who may not mount one skips it."""
    with ExitStack() as mounted:

        def made(size: str) -> Path:
            found = mounted.enter_context(disk(tmp_path / "disk", size))
            if found is None:
                pytest.skip("mounting a small disk needs root")
            return found

        yield made


@pytest.fixture
def postgresql_url(postgresql_databases):
    with postgresql_databases.empty() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """A migrated, empty database of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    yield database
    database.close()


@contextmanager
def empty_database(request, folder, kind: str):
    """The URL of a database of the kind without any tables, for tests that share one server: it is gone at the end."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/wrapup.db"
        return
    with scratch(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def untouched(request, tmp_path):
    """A database of each kind without any tables."""
    with empty_database(request, tmp_path, request.param) as url:
        database = Database(url)
        yield database
        database.close()


@pytest.fixture(scope="module")
def authority():
    """Of certificates, which nobody knows but who is told."""
    return trustme.CA()


@pytest.fixture
def tls(authority):
    """What a server of 127.0.0.1 shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context

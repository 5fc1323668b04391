"""A small Wrapup with made-up calls and loads, over real HTTP, for tools that only know an address and a key."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from models.database import Database
from service.app import create_app
from tests.queries.reports import test_loads
from tests.web.conftest import settings_for
from tests.web.listening import listening
from web import keys
from web.context import context


def fill(database: Database) -> None:
    with database.write() as session:
        test_loads.stored(session, *test_loads.made())


@contextmanager
def served(database: Database, folder: Path) -> Iterator[tuple[str, str]]:
    """(its address, a key that reads)"""
    app = create_app(settings_for(database.url.render_as_string(hide_password=False), folder))
    with database.write() as session:
        key = keys.create_key(session, "analysts", ("read",))
    with closing(context(app).database), listening(app) as port:
        yield f"http://127.0.0.1:{port}", key

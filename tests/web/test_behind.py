"""What is read from a copy of the database says so; what must be of this moment is not read there."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from models.database import Database
from rig.waiting import until
from service.app import create_app
from tests.web.conftest import client_with, settings_for
from web.behind import HEADER
from web.context import context


@pytest.fixture
def client(postgresql_url, standby, tmp_path):
    database = Database(postgresql_url)
    settings = replace(
        settings_for(postgresql_url, tmp_path), reader_url=standby.url(database), reader_seconds=3600, mirror="never"
    )
    app = create_app(settings)
    found = client_with(app, database, "admin")
    with database.read() as session:
        written = session.scalar(text("SELECT pg_current_wal_lsn()::text"))
    until(lambda: standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'")[0], 30)
    until(lambda: HEADER in found.get("/api/v1/outcomes").headers, 30)
    yield found
    context(app).database.close()
    context(app).replica.close()
    database.close()


@pytest.mark.parametrize(
    "path, from_the_copy",
    [
        ("/api/v1/outcomes", True),
        ("/api/v1/outcomes/export?format=csv", True),
        ("/api/v1/reports/summary?group_by=day", True),
        ("/api/v1/outcomes/changes", False),
        ("/api/v1/connections", False),
        ("/api/v1/views", False),
    ],
)
def test_lists_reports_and_exports_say_how_far_they_are_behind(client, path, from_the_copy):
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert (HEADER in answer.headers) == from_the_copy
        if from_the_copy:
            assert re.fullmatch(r"\d+\.\d", answer.headers[HEADER])


def test_pages_say_it_in_a_sentence(client):
    page = client.get("/login").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    key, client.key = client.key, None
    assert client.post("/login", data={"key": key, "csrf": csrf}).status_code == 303
    assert "Read from a copy of the database: what is younger than" in client.get("/calls").text

"""How SQLite, which joins by loops alone, finds the calls of a lead: by an index that it makes for the question, and not by going
through all calls for each."""

import pytest
from sqlalchemy import event

from models.database import Database
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from tests.queries.reports import generated


@pytest.fixture
def planned(sqlite_url):
    """Report -> the plans of its statements, a text each."""
    database, asked = Database(sqlite_url), []
    with database.write() as session:
        generated.store(session, generated.calls(1, 300))
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))

    def plans(name: str) -> list[str]:
        asked.clear()
        with database.read() as session:
            answering.answer(answering.asked(session, {}), REPORTS[name])
            driver = session.connection().connection.driver_connection
            selects = [(text, values) for text, values in asked if text.startswith(("SELECT", "WITH"))]
            return [
                "\n".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {text}", values))
                for text, values in selects
            ]

    yield plans
    database.close()


def test_the_attempts_after_a_promise_are_looked_up(planned):
    joined = [plan for plan in planned("callbacks") if "calls_of_leads" in plan]
    assert joined
    for plan in joined:
        assert "MATERIALIZE calls_of_leads" in plan
        assert "SEARCH calls_of_leads USING AUTOMATIC" in plan

"""How SQLite, which joins by loops alone, finds the calls of a lead: by an index that it makes for the question, and not by going
through all calls for each."""

import pytest
from sqlalchemy import event

from models.database import Database
from queries.reports import answering, leads
from queries.reports.catalogue import REPORTS
from tests.queries.reports import generated


@pytest.fixture
def planned(sqlite_url):
    """Report, and perhaps a figure whose leads are listed -> the plans of its statements, a text each."""
    database, asked = Database(sqlite_url), []
    with database.write() as session:
        generated.store(session, generated.calls(1, 300))
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))

    def plans(name: str, figure: str | None = None) -> list[str]:
        asked.clear()
        with database.read() as session:
            question = answering.asked(session, {})
            if figure is None:
                answering.answer(question, REPORTS[name])
            else:
                assert leads.page(question, f"{name}.{figure}", {}, 100, None).rows
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


@pytest.mark.parametrize("figure", ["contacted_first", "rate"])
def test_whether_a_leads_first_attempt_was_a_contact_is_looked_up(planned, figure):
    told = [plan for plan in planned("first_attempt_contact", figure) if "MATERIALIZE history" in plan]
    assert told
    for plan in told:
        assert "SEARCH history USING AUTOMATIC" in plan

"""What every batch asks for is found by an index, however many deliveries there are. On both databases."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import event, insert, text

from crm import settling
from models import Delivery

AT = datetime(2026, 11, 20, tzinfo=UTC)
MANY = 4_000


def _delivery(number: int, state: str) -> dict[str, object]:
    return {
        "id": UUID(int=number),
        "outcome_id": UUID(int=number),
        "record_id": str(number),
        "state": state,
        "destination": "sales",
        "operation": "set_status",
        "revision": 1,
        "position": number,
        **dict.fromkeys(("occurred_at", "created_at", "due_at", "settled_at"), AT),
    }


def test_who_has_set_a_status_last_is_found_by_the_record(database):
    rows = [_delivery(number, "pending" if number % 2 else "done") for number in range(MANY)]
    with database.engine.begin() as line:
        line.execute(insert(Delivery), rows)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as line:
        line.execute(text("ANALYZE"))
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    with database.read() as session:
        line = session.connection()
        assert settling.overtaken(session, "sales", ["102", "101", "102"]) == {}  # whose calls there are not
        statement, values = asked[-1]
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = " ".join(str(row[-1]) for row in line.exec_driver_sql(explain + statement, values))
    assert "ix_deliveries_record" in plan
    assert "ix_deliveries_state" not in plan  # by which all that wait are read, or all that were sent
    assert "Seq Scan on deliveries" not in plan
    assert "SCAN deliveries" not in plan

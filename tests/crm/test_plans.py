"""What every batch asks for is found by an index, however many deliveries there are. On both databases."""

from sqlalchemy import event

from crm import settling


def test_who_has_set_a_status_last_is_found_by_the_record(database):
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    with database.read() as session:
        line = session.connection()
        if not database.is_sqlite:
            line.exec_driver_sql("SET LOCAL enable_seqscan = off")  # which an empty table is read by
        assert settling.overtaken(session, "sales", ["101", "102", "102"]) == {}
        statement, values = asked[-1]
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = " ".join(str(row[-1]) for row in line.exec_driver_sql(explain + statement, values))
    assert "ix_deliveries_record" in plan
    assert "ix_deliveries_state" not in plan

"""Erasures over HTTP and on their page: with the scope admin alone, seen first, begun, listed without whom."""

import json

from sqlalchemy import select

from models import Erasure
from tests.evidence import terminal
from tests.outcomes.test_erasing import NUMBER, told


def test_a_dry_run_says_what_would_be_touched_and_begins_nothing(admin, database):
    told(database, terminal())
    found = admin.post("/api/v1/erasures?dry_run=true", json={"number": NUMBER})
    assert found.status_code == 200
    assert found.json["number"] == NUMBER and found.json["counts"]["call_outcomes"] == 1
    with database.read() as session:
        assert session.scalars(select(Erasure)).all() == []


def test_it_is_begun_and_told_of_without_the_number(admin, database):
    told(database, terminal())
    begun = admin.post("/api/v1/erasures", json={"number": "098000 12345", "keep_uncalled": False})
    assert begun.status_code == 202 and begun.json["erasure"]["state"] == "running"
    one = begun.json["erasure"]["id"]
    assert admin.get(f"/api/v1/erasures/{one}").json["erasure"]["id"] == one
    listed = admin.get("/api/v1/erasures")
    assert [row["id"] for row in listed.json["erasures"]] == [one]
    assert "12345" not in listed.text.replace(one, "")
    again = admin.post("/api/v1/erasures", json={"number": NUMBER})
    assert (again.status_code, again.json["error_id"]) == (409, "not_erased")


def test_what_is_kept_of_a_person_is_a_file(admin, database):
    told(database, terminal(notes="after six"))
    shown = admin.post("/api/v1/persons", json={"number": "098000 12345"})
    assert (shown.status_code, shown.mimetype) == (200, "application/x-ndjson")
    rows = [json.loads(line) for line in shown.text.splitlines()]
    assert rows[0]["table"] == "call_outcomes" and rows[0]["row"]["notes"] == "after six"
    assert {one["table"] for one in rows} == {"call_outcomes", "call_events", "receipts"}
    assert "12345" not in shown.headers["Content-Disposition"]
    refused = admin.post("/api/v1/persons", json={"number": "twelve"})
    assert refused.status_code == 422 and "number" in refused.json["details"]


def test_a_number_of_ours_is_refused(admin, database):
    told(database, terminal())
    refused = admin.post("/api/v1/erasures", json={"number": "+914900000000"})
    assert refused.status_code == 409 and "a number of ours" in refused.json["message"]


def test_only_who_may_everything_may_erase(reader, database):
    assert reader.post("/api/v1/erasures", json={"number": NUMBER}).status_code == 403
    assert reader.get("/api/v1/erasures").status_code == 403
    assert reader.post("/api/v1/persons", json={"number": NUMBER}).status_code == 403

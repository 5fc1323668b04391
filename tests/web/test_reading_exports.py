"""What docs/api.md says of reading an export, done: ids and numbers stay whole in every tool."""

import re
from datetime import timedelta

import duckdb
import pandas
import polars
import pytest

from tests.docs.pages import read
from tests.factories import NOON, outcome

TOLD = read("docs/api.md").partition("### Reading an export")[2]
RECIPES = re.search(r"```python\n(.*?)```", TOLD, re.DOTALL)[1].splitlines()
QUERY = re.search(r"```sql\n(.*?)```", TOLD, re.DOTALL)[1]
CALLS = 200  # more than polars looks at by itself


@pytest.fixture
def files(admin, database, tmp_path, monkeypatch):
    with database.write() as session:
        for number in range(CALLS):
            last = number == CALLS - 1
            outcome(
                session,
                call_id=f"00{number}",
                started_at=NOON.replace(hour=18) + timedelta(minutes=number),
                customer_number=f"+91981234{number:04}",
                crm_reference="000420" if last else None,
                custom_fields={"Score": 7.5} if last else {},
                flags=["contact"] if last else [],
            )
    for form in ("parquet", "csv", "ndjson"):
        (tmp_path / f"outcomes.{form}").write_bytes(admin.get(f"/api/v1/outcomes/export?format={form}").get_data())
    monkeypatch.chdir(tmp_path)


def test_ids_and_numbers_stay_whole(files):
    assert len(RECIPES) == 9
    for recipe in RECIPES:
        found = eval(recipe, {"duckdb": duckdb, "pandas": pandas, "polars": polars})
        found = found.pl() if recipe.startswith("duckdb") else found
        shown = {name: list(found[name]) for name in ("call_id", "customer_number", "crm_reference")}
        assert shown["call_id"] == [f"00{number}" for number in range(CALLS)], recipe
        assert shown["customer_number"] == [f"+91981234{number:04}" for number in range(CALLS)], recipe
        assert shown["crm_reference"][-1] == "000420", recipe
        assert not any(isinstance(one, str) for one in shown["crm_reference"][:-1] if one != ""), recipe
    assert [(str(day), calls) for day, calls in duckdb.sql(QUERY).fetchall()] == [("2026-11-19", 1)]

"""The dbt models: those that are committed are those of the definitions, and on PostgreSQL and DuckDB they answer what the API
answers. Here they are rendered without dbt, which ``make integrations`` runs."""

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from urllib.request import Request, urlopen
from uuid import UUID

import duckdb
import pytest
import yaml
from sqlalchemy import text

from integrations.dbt import composing, generate
from integrations.dbt import seeds as writing
from lib import clock
from models.database import Database
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.integrations import rendering
from tests.integrations.serving import served
from tests.queries.reports import test_loads
from tests.queries.reports.generated import CONNECTIONS, NOW

VIEWS = ("call_outcomes_v1", "leads_v1", "loads_v1")
NAMES = (*REPORTS, "compared")
OWN_KEYS = {
    "compared": ("day",),
    "callbacks": ("id",),
    "compliance": ("rule", "id"),
    "unreachable_numbers": ("number",),
}
ZONE = "Asia/Kolkata"
SINCE = "2026-11-01"  # of the one model that asks from a day on
SAID = {"now": NOW.isoformat(), "timezone": ZONE, "since": SINCE}


def test_the_files_are_those_of_the_definitions():
    for file, wanted in generate.files():
        assert file.read_text(encoding="utf-8") == wanted, (
            f"{file.name}: python -m integrations.dbt.generate writes it anew"
        )
    assert {file.stem for file in (generate.FOLDER / "models" / "reports").glob("*.sql")} == set(
        rendering.REPORT_MODELS
    )


def test_every_model_and_column_is_described():
    told = yaml.safe_load((generate.FOLDER / "models" / "reports" / "reports.yml").read_text(encoding="utf-8"))
    assert [model["name"] for model in told["models"]] == list(rendering.REPORT_MODELS)
    assert all(column["description"] for model in told["models"] for column in model["columns"])
    assert any("data_tests" in column for model in told["models"] for column in model["columns"])
    staging = yaml.safe_load((generate.FOLDER / "models" / "staging" / "staging.yml").read_text(encoding="utf-8"))
    (source,) = staging["sources"]
    assert {table["name"] for table in source["tables"]} == set(VIEWS)
    assert source["tables"][0]["config"]["freshness"]["warn_after"]


@pytest.fixture(scope="module")
def filled(postgresql_databases):
    with postgresql_databases.empty() as url, closing(Database(url)) as database:
        with database.write() as session:
            test_loads.stored(session, *test_loads.made())
        yield database


@pytest.fixture(scope="module")
def own_seeds(filled, tmp_path_factory):
    """What the settings of the test's connections say."""
    folder = tmp_path_factory.mktemp("seeds")
    shutil.copy(generate.FOLDER / "seeds" / "wrapup_clocks.csv", folder)
    with filled.read() as session:
        writing.write_all(folder, session, CONNECTIONS)
    return list(rendering.seeds(folder))


@pytest.fixture(scope="module")
def answers(filled):
    """Report -> the API's rows."""
    with filled.snapshot() as session:
        return {name: asked(session, report) for name, report in REPORTS.items()} | {"compared": compared_week(session)}


def compared_week(session):
    """The days of a fortnight beside those of the weeks before, of which all is known."""
    span = {
        "since": clock.parse("2026-11-01T18:30:00Z"),
        "until": clock.parse("2026-11-15T18:30:00Z"),
    }  # days of the zone
    question = answering.asked(session, span, ZONE, ("day",), configured=CONNECTIONS)
    found = answering.answer(replace(question, now=NOW), generate.COMPARED, compare="week")
    return [{name: value for name, value in row.items() if name != "reasons"} for row in found["rows"]]


def asked(session, report):
    groups = () if report.own_rows else composing.groups_of(report)
    filters = {"since": clock.parse("2026-10-31T18:30:00Z")} if report.name == "number_health" else {}
    question = answering.asked(session, filters, ZONE, groups, configured=CONNECTIONS)
    found = answering.answer(replace(question, now=NOW), report, limit=10_000)
    left_out = composing.LEFT_OUT.get(report.name, ())
    rows = []
    for row in found["rows"]:
        flat = {name: value for name, value in row.items() if name != "reasons" and not isinstance(value, dict)}
        for outer, inner in row.items():
            if isinstance(inner, dict) and outer != "reasons":
                flat |= {f"{outer}_{name}": value for name, value in inner.items()}
        rows.append({name: value for name, value in flat.items() if name not in left_out})
    return rows


@pytest.fixture(scope="module")
def of_postgresql(filled, own_seeds):
    found = {}
    with filled.write() as session:
        for name, columns, rows in own_seeds:
            session.execute(text(f"CREATE TEMP TABLE {name} ({', '.join(f'{one} text' for one in columns)})"))
            places = ", ".join(f":{one}" for one in columns)
            if rows:
                session.execute(
                    text(f"INSERT INTO {name} VALUES ({places})"),
                    [dict(zip(columns, row, strict=True)) for row in rows],
                )
        for name in rendering.STAGING:
            session.execute(text(f"CREATE TEMP VIEW {name} AS {rendering.rendered('postgres', name, **SAID)}"))
        for model in rendering.REPORT_MODELS:
            session.execute(text(f"CREATE TEMP TABLE {model} AS {rendering.rendered('postgres', model, **SAID)}"))
            rows = session.execute(text(f"SELECT * FROM {model}")).mappings()
            found[model.removeprefix("wrapup_")] = [dict(row) for row in rows]
        session.rollback()
    return found


@pytest.fixture(scope="module")
def of_duckdb(filled, own_seeds):
    line = duckdb.connect(":memory:")
    line.execute("SET TimeZone = 'America/St_Johns'")  # an analyst's own must not matter
    for name, columns, rows in own_seeds:
        line.execute(f"CREATE TABLE {name} ({', '.join(f'{one} text' for one in columns)})")
        if rows:
            line.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    with filled.read() as session:
        for view in VIEWS:
            copied(session, line, view)
    for name in rendering.STAGING:
        line.execute(f"CREATE VIEW {name} AS {rendering.rendered('duckdb', name, **SAID)}")
    found = {}
    for model in rendering.REPORT_MODELS:
        line.execute(f"CREATE TABLE {model} AS {rendering.rendered('duckdb', model, **SAID)}")
        answer = line.execute(f"SELECT * FROM {model}")
        names = [column[0] for column in answer.description]
        found[model.removeprefix("wrapup_")] = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    return found


def copied(session, line, view: str) -> None:
    """The view as a table of DuckDB, of PostgreSQL's types; JSON as its text, as in the exports."""
    kinds = session.execute(
        text(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :view ORDER BY ordinal_position"
        ),
        {"view": view},
    ).all()
    columns = ", ".join(f'"{name}" {"varchar" if kind == "jsonb" else kind}' for name, kind in kinds)
    line.execute(f"CREATE TABLE {view} ({columns})")
    texts = ", ".join(f'"{name}"::text' for name, _ in kinds)
    rows = [list(row) for row in session.execute(text(f"SELECT {texts} FROM {view}"))]
    line.executemany(f"INSERT INTO {view} VALUES ({', '.join('?' * len(kinds))})", rows)


def test_an_export_in_parquet_is_a_source(filled, own_seeds, answers, tmp_path):
    with served(filled, tmp_path) as (url, key):
        asked_for = Request(f"{url}/api/v1/outcomes/export?format=parquet", headers={"Authorization": f"Bearer {key}"})
        (tmp_path / "calls.parquet").write_bytes(urlopen(asked_for).read())
    with closing(duckdb.connect(":memory:")) as line:
        for name, columns, rows in own_seeds:
            line.execute(f"CREATE TABLE {name} ({', '.join(f'{one} text' for one in columns)})")
            line.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
        line.execute(f"CREATE VIEW call_outcomes_v1 AS FROM read_parquet('{tmp_path}/calls.parquet')")
        line.execute(f"CREATE VIEW stg_call_outcomes AS {rendering.rendered('duckdb', 'stg_call_outcomes', **SAID)}")
        for name in ("contact_rate", "attempts_to_contact", "compliance"):
            found = line.execute(rendering.rendered("duckdb", f"wrapup_{name}", **SAID))
            names = [column[0] for column in found.description]
            compared(name, answers[name], [dict(zip(names, row, strict=True)) for row in found.fetchall()])


def test_the_seeds_say_what_the_settings_say(sqlite_url, tmp_path, monkeypatch):
    settings = (
        '[connections.bot]\ndialer = "jaicp"\napi_url = "https://app.jaicp.com"\ncampaigns = {renewals = "a-token"}\n'
    )
    settings += '[dispositions.bot]\n"Call back" = ["callback"]\n"Nobody there" = []\n'
    (tmp_path / "wrapup.toml").write_text(settings)
    for name, value in {"CONFIG": tmp_path / "wrapup.toml", "DATA_DIR": tmp_path, "DATABASE_URL": sqlite_url}.items():
        monkeypatch.setenv(f"WRAPUP_{name}", str(value))
    monkeypatch.setattr(writing, "FOLDER", tmp_path)
    with closing(Database(sqlite_url)) as database, database.write() as session:
        for said in ("Call back", "Nobody there", "Unheard of"):
            factories.outcome(session, connection="bot", dialer="jaicp", disposition=said)
    writing.main()
    found = {name: rows for name, _, rows in rendering.seeds(tmp_path)}
    assert found["wrapup_flagless"] == [["bot", "Nobody there", ""]]
    assert ["bot", "voicemail"] in found["wrapup_silent"]


@pytest.mark.parametrize("name", NAMES)
def test_postgresql_answers_what_the_api_answers(name, answers, of_postgresql):
    compared(name, answers[name], of_postgresql[name])


@pytest.mark.parametrize("name", NAMES)
def test_duckdb_answers_what_the_api_answers(name, answers, of_duckdb):
    compared(name, answers[name], of_duckdb[name])


def compared(name: str, wanted: list[dict], found: list[dict]) -> None:
    assert wanted, "a report without rows says nothing"
    keys = OWN_KEYS.get(name) or generate._keys(REPORTS[name])
    own, theirs = ({tuple(plain(row[one]) for one in keys): row for row in rows} for rows in (found, wanted))
    if name == "compared":  # the model has all days
        own = {key: row for key, row in own.items() if key in theirs}
    assert own.keys() == theirs.keys()
    assert len(own) == len(wanted)
    for key, row in theirs.items():
        assert own[key].keys() == row.keys(), key
        for figure, value in row.items():
            same(plain(value), plain(own[key][figure]), (key, figure))


def same(wanted, found, where) -> None:
    if isinstance(wanted, float) and isinstance(found, float):
        assert abs(wanted - found) < 1.5e-4, where  # a half is rounded to the even digit by one, upwards by another
    else:
        assert found == wanted, where


def plain(value):
    """As the API shows it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, datetime):
        return clock.iso(value)
    return str(value) if isinstance(value, UUID | date) else value

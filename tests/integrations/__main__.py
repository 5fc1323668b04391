"""dlt, Singer's tap and dbt against a small Wrapup: ``make integrations``, which installs them from PyPI. Ends with 1 at the
first that does not do what docs/integrations.md says."""

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import duckdb
from sqlalchemy import func, select, text

import migrations
from integrations.dbt import generate, seeds
from lib import clock
from models import CallOutcome
from models.database import Database
from outcomes.feed import take_positions
from queries.reports.catalogue import REPORTS
from rig.postgresql import server
from tests.databases import scratch
from tests.docs.pages import ROOT
from tests.integrations import test_dbt
from tests.integrations.serving import fill, served
from tests.queries.reports.generated import CONNECTIONS

FOLDER = ROOT / "integrations"


def run(*command: object, cwd: Path, env: dict[str, str], may_fail: bool = False) -> str:
    """Its standard output; what it says goes to ours where it fails."""
    done = subprocess.run([str(one) for one in command], cwd=cwd, env=os.environ | env, capture_output=True, text=True)
    if done.returncode and not may_fail:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit(f"{command[0]} ended with {done.returncode}")
    return done.stdout


def counted(database: Database) -> int:
    with database.read() as session:
        return session.execute(text("SELECT count(*) FROM call_outcomes_v1")).scalar_one()


def change(database: Database, corrected: int, merged: int) -> None:
    """Some calls are corrected, and some turn out to be the same as another."""
    with database.write() as session:
        rows = session.scalars(
            select(CallOutcome)
            .where(CallOutcome.merged_into.is_(None))
            .order_by(CallOutcome.id)
            .limit(corrected + merged)
        ).all()
        now = max(clock.now(), session.execute(select(func.max(CallOutcome.changed_at))).scalar_one()) + timedelta(
            seconds=1
        )
        for at, row in enumerate(rows):
            row.position, row.changed_at, row.revision = take_positions(session, 1)[0], now, row.revision + 1
            if at < merged:
                row.merged_into = rows[-1].id


def with_dlt(binaries: Path, database: Database, url: str, key: str, folder: Path) -> None:
    env = {
        "WRAPUP_URL": url,
        "WRAPUP_KEY": key,
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    told = []
    for step in range(4):
        if step == 1:
            change(database, corrected=3, merged=2)
        if step == 3:  # as after a restore
            env["WRAPUP_REFRESH"] = "drop_sources"
        said = run(binaries / "python", FOLDER / "dlt" / "wrapup.py", cwd=folder, env=env)
        told.append(int(found[1]) if (found := re.search(r"'outcomes': (\d+)", said)) else 0)
        with closing(duckdb.connect(str(folder / "wrapup.duckdb"), read_only=True)) as line:
            ((calls,),) = line.execute("SELECT count(*) FROM calls.outcomes").fetchall()
        assert calls == counted(database), (step, calls)
    assert told == [told[0], 5, 0, told[0]], told
    print(f"dlt: {told[0]} rows at first, then {told[1]} of which 2 were merged, then {told[2]}; {calls} are there")


def with_singer(binaries: Path, database: Database, url: str, key: str, folder: Path) -> None:
    settings = json.loads((FOLDER / "singer" / "tap-rest-api-msdk.json").read_text(encoding="utf-8"))
    settings |= {"api_url": f"{url}/api/v1", "bearer_token": key}
    (stream,) = settings["streams"]
    stream["params"]["limit"] = "100"  # several pages
    stream["schema"] = str(FOLDER.parent / stream["schema"])
    (folder / "config.json").write_text(json.dumps(settings))
    tap = (binaries / "tap-rest-api-msdk", "--config", "config.json")
    (folder / "catalog.json").write_text(run(*tap, "--discover", cwd=folder, env={}))
    state: tuple[str, ...] = ()
    told = []
    for step in range(2):
        if step == 1:
            change(database, corrected=3, merged=0)
        lines = [
            json.loads(line) for line in run(*tap, "--catalog", "catalog.json", *state, cwd=folder, env={}).splitlines()
        ]
        told.append(len({line["record"]["id"] for line in lines if line["type"] == "RECORD"}))
        (schema,) = (line["schema"]["properties"] for line in lines if line["type"] == "SCHEMA")
        assert all(line["record"].keys() == schema.keys() for line in lines if line["type"] == "RECORD")
        (folder / "state.json").write_text(json.dumps([line["value"] for line in lines if line["type"] == "STATE"][-1]))
        state = ("--state", "state.json")
    assert told[0] == counted(database), told
    assert 3 <= told[1] <= 10, told
    print(f"singer: {told[0]} rows at first, then {told[1]}")


def with_dbt(binaries: Path, database: Database, folder: Path) -> None:
    project = folder / "dbt"
    shutil.copytree(FOLDER / "dbt", project, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    with database.snapshot() as session:
        seeds.write_all(project / "seeds", session, CONNECTIONS)
        answers = {name: test_dbt.asked(session, report) for name, report in REPORTS.items()}
        answers["compared"] = test_dbt.compared_week(session)
    with closing(duckdb.connect(str(folder / "calls.duckdb"))) as line, database.read() as session:
        for view in test_dbt.VIEWS:
            test_dbt.copied(session, line, view)
    url = database.url
    env = {
        "WRAPUP_PG_HOST": url.host or str(url.query.get("host", "localhost")),
        "WRAPUP_PG_PORT": str(url.port or 5432),
        "WRAPUP_PG_USER": url.username or "postgres",
        "WRAPUP_PG_PASSWORD": url.password or "",
        "WRAPUP_PG_DATABASE": url.database or "",
        "WRAPUP_DUCKDB": str(folder / "calls.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    for target, schema in (("postgres", "public"), ("duckdb", "main")):
        given = (
            "--profiles-dir",
            ".",
            "--target",
            target,
            "--vars",
            json.dumps(test_dbt.SAID | {"source_schema": schema}),
        )
        fresh = run(binaries / "dbt", "source", "freshness", *given, cwd=project, env=env, may_fail=True)
        assert re.search(r"(PASS|WARN|ERROR STALE).*call_outcomes_v1", fresh), fresh
        said = run(binaries / "dbt", "build", *given, cwd=project, env=env)
        (summary,) = re.findall(r"Done\. (PASS=.*)", said)
        for name in answers:
            test_dbt.compared(name, answers[name], _rows(target, f"wrapup_{name}", database, folder))
        print(f"dbt on {target}: {summary}; each of {len(answers)} models says what the API says")


def _rows(target: str, name: str, database: Database, folder: Path) -> list[dict]:
    if target == "postgres":
        with database.read() as session:
            return [dict(row) for row in session.execute(text(f"SELECT * FROM analysts.{name}")).mappings()]
    with closing(duckdb.connect(str(folder / "calls.duckdb"), read_only=True)) as line:
        line.execute("SET TimeZone = 'UTC'")
        found = line.execute(f"SELECT * FROM {name}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.integrations", description=__doc__)
    parser.add_argument("environments", type=Path, help="a folder with an environment for each: dlt, singer, dbt")
    given = parser.parse_args()
    assert all(file.read_text(encoding="utf-8") == wanted for file, wanted in generate.files())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wrapup-integrations-")))
        url = stack.enter_context(scratch(stack.enter_context(server(durable=False))))
        database = stack.enter_context(closing(Database(url)))
        migrations.upgrade(database)
        fill(database)
        address, key = stack.enter_context(served(database, folder / "data"))

        def binaries(tool: str) -> Path:
            (folder / tool).mkdir()
            return given.environments.absolute() / tool / "bin"

        with_dlt(binaries("dlt"), database, address, key, folder / "dlt")
        with_singer(binaries("singer"), database, address, key, folder / "singer")
        with_dbt(binaries("dbt"), database, folder / "dbt")


if __name__ == "__main__":
    main()

"""What docs/integrations.md shows is run as it stands there, and what it counts is counted."""

import json
import re
import urllib.request
from contextlib import closing

import pytest
from sqlalchemy import text

from models.database import Database
from models.shown import COLUMNS
from queries.exports.child import NUMBER, TIME, TRUTH
from queries.exports.choice import kind
from tests.docs.pages import ROOT, read
from tests.integrations.serving import fill, served

PAGE = "docs/integrations.md"


def shown(heading: str) -> str:
    """The Python below the heading."""
    (code,) = re.findall(rf"^## {heading}\n\n```python\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture(scope="module")
def wrapup(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrapup")
    (folder / "wrapup.db").write_bytes(sqlite_template.read_bytes())
    with closing(Database(f"sqlite:///{folder}/wrapup.db")) as database:
        fill(database)
        with database.read() as session:
            ends = text("SELECT connect_outcome, count(*) FROM call_outcomes_v1 WHERE is_final GROUP BY 1 ORDER BY 1")
            counts = dict(map(tuple, session.execute(ends)))
        with served(database, folder) as (url, key):
            yield url, key, counts


@pytest.mark.parametrize("tool", ["pandas", "polars", "duckdb"])
def test_what_is_shown_counts_the_calls(tool, wrapup, monkeypatch, capsys):
    url, key, counts = wrapup
    monkeypatch.setenv("WRAPUP_URL", url)
    monkeypatch.setenv("WRAPUP_KEY", key)
    monkeypatch.setattr(urllib.request, "_opener", None)
    names: dict = {}
    code = shown(tool)
    assert len([line for line in code.splitlines() if line]) <= 10
    exec(compile(code, f"{PAGE}: {tool}", "exec"), names)
    printed = capsys.readouterr().out
    if tool == "duckdb":
        assert all(re.search(rf"{end}\W+{calls}\b", printed) for end, calls in counts.items())
    else:
        assert len(names["calls"]) == sum(counts.values())
        assert ("abandoned" if tool == "pandas" else "connect_rate") in printed


def test_dlt_is_configured_in_fifteen_lines():
    code = (ROOT / "integrations" / "dlt" / "wrapup.py").read_text(encoding="utf-8")
    (configuration,) = re.findall(r"^# fmt: off\n(.*?)^# fmt: on", code, re.MULTILINE | re.DOTALL)
    lines = [line for line in configuration.splitlines() if not line.startswith("#")]
    assert f"of {len(lines)} lines" in read(PAGE)
    assert len(lines) <= 15


def test_singer_asks_for_what_the_api_takes(wrapup):
    url, key, _ = wrapup
    settings = json.loads((ROOT / "integrations" / "singer" / "tap-rest-api-msdk.json").read_text(encoding="utf-8"))
    (stream,) = settings["streams"]
    asked = "&".join(f"{name}={value}" for name, value in stream["params"].items())
    path = f"{url}/api/v1{stream['path']}?{asked}&{stream['source_search_field']}={settings['start_date']}"
    request = urllib.request.Request(path, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        page = json.load(answer)
    assert {"next", "outcomes"} <= page.keys()
    assert {*stream["primary_keys"], stream["replication_key"]} <= page["outcomes"][0].keys()


def test_singers_columns_are_those_of_an_outcome():
    (stream,) = json.loads((ROOT / "integrations/singer/tap-rest-api-msdk.json").read_text(encoding="utf-8"))["streams"]
    columns = json.loads((ROOT / stream["schema"]).read_text(encoding="utf-8"))["properties"]
    kinds = {TIME: "string", TRUTH: "boolean", NUMBER: "integer"}
    assert {name: one["type"][0] for name, one in columns.items()} == {
        name: kinds.get(kind(name), "string") for name in COLUMNS
    }
    assert {name for name, one in columns.items() if one.get("format")} == {
        name for name in COLUMNS if kind(name) == TIME
    }
    assert [name for name, one in columns.items() if "null" not in one["type"]] == ["id"]

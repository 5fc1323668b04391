"""Where ``wrapup`` is started decides nothing about whose code runs, and help needs nothing at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import requests

from rig.waiting import until
from service.cli.group import wrapup
from service.demo import command as demo
from service.supervisor.plan import plan
from tests.evidence import terminal
from tests.server import serving
from tests.web.conftest import settings_for

WRAPUP = str(Path(sys.executable).parent / "wrapup")
# Rooms of ours, as in the folder of another Wrapup, and names that somebody's own files may well have.
FOREIGN = ("service", "callbacks", "lib", "models", "web", "sandbox", "wsgi", "gunicorn", "flask", "requests", "queue")


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """A folder where everything that Wrapup imports lies, too, and is another's."""
    for name in FOREIGN:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(f'taken from the current folder: {__file__}')\n")
    return tmp_path


@pytest.mark.slow
def test_serving_takes_no_code_from_the_folder_where_it_is_started(elsewhere):
    with serving(elsewhere, WRAPUP_WORKERS="1") as served:
        assert requests.post(served.callback("terminal"), data=json.dumps(terminal()), timeout=20).status_code == 200
        assert requests.get(served.url + "/openapi.json", timeout=60).json()["info"]["title"] == "Wrapup"
        until(lambda: served.get("/api/v1/outcomes").json()["outcomes"], 60)
    assert "taken from the current folder" not in (elsewhere / "err").read_text()


def test_the_demos_children_take_none_either(elsewhere):
    settings = settings_for(f"sqlite:///{elsewhere}/wrapup.db", elsewhere)
    commands = [command[:-2] for _, command in demo._histories()]
    commands.append([sys.executable, "-m", "sandbox.ryng"])
    for command in commands:
        done = subprocess.run(
            [*command, "--help"], cwd=elsewhere, env=plan(settings).environ, capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout.lower().startswith("usage: "), done


def every(group: click.Group, *before: str):
    for name, command in group.commands.items():
        yield [*before, name]
        if isinstance(command, click.Group):
            yield from every(command, *before, name)


def test_help_is_there_for_whoever_has_no_usable_settings_and_leaves_nothing_behind(tmp_path):
    environ = os.environ | {"WRAPUP_WORKERS": "x", "WRAPUP_CONFIG": "nowhere.toml", "WRAPUP_DATABASE_URL": "none"}
    script = "import sys, runpy\nfor words in {}:\n    sys.argv = ['wrapup', *words, '--help']\n    {}\n"
    one = (
        "try: runpy.run_path(sys.orig_argv[-1], run_name='__main__')\n    except SystemExit as end: assert not end.code"
    )
    lines = script.format([[], *every(wrapup)], one)
    done = subprocess.run(
        [sys.executable, "-c", lines, WRAPUP], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout.count("Usage: wrapup") == 1 + len(list(every(wrapup)))
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_told(tmp_path):
    done = subprocess.run([WRAPUP, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("wrapup, version 0."), done
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["keys", "revoke", b"\xff"], ["leads", "list", "--connection", b"a\xffb"]])
def test_a_name_that_is_not_utf_8_is_one_sentence(words, tmp_path):
    done = subprocess.run([WRAPUP, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("wrapup: '") and len(done.stderr.splitlines()) == 1, done
    assert "is not text in UTF-8" in done.stderr
    assert list(tmp_path.iterdir()) == []

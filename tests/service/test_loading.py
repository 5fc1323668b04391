"""What each process loads, and what it does without: it costs memory for as long as it lives, and time at each start."""

import json
import subprocess
import sys

import pytest

from lib import child_processes
from service.cli.group import wrapup
from tests.server import ROOT


@pytest.mark.parametrize(
    ("process", "without"),
    [
        ("service.supervisor.serve", {"flask", "sqlalchemy", "service.cli", "marshmallow"}),
        ("service.passage.receiver", {"flask", "service.cli", "web.routes", "psycopg"}),
        ("service.passage.reader", {"service.cli", "service.doctor", "sandbox", "alembic"}),
        ("service.worker", {"flask", "service.cli", "web.routes", "sandbox", "alembic"}),
    ],
)
def test_a_process_loads_nothing_of_the_others(process, without):
    script = f"import json, sys, {process}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=child_processes.environment(), capture_output=True, text=True
    )
    loaded = set(json.loads(done.stdout))
    assert process in loaded
    assert not without & loaded


def test_flask_knows_the_commands_by_wsgi(tmp_path):
    settings = {"WRAPUP_DATA_DIR": str(tmp_path)}
    words = [sys.executable, "-m", "flask", "--app", "wsgi", "--help"]
    done = subprocess.run(words, env=child_processes.environment() | settings, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in wrapup.commands if not wrapup.commands[name].hidden)

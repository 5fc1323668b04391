"""A data folder is one database's at a time."""

import subprocess
import sys

import pytest

from lib import child_processes
from service.settings.mistakes import BadSettings
from service.supervisor.folder import FILE, hold

SERVING = """
import sys, time
from pathlib import Path
from service.supervisor.folder import hold
hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def serving(tmp_path):
    """Start a process that holds the folder for a database."""
    started = []

    def start(database_url: str) -> subprocess.Popen:
        command = [sys.executable, "-P", "-c", SERVING, str(tmp_path), database_url]
        started.append(subprocess.Popen(command, env=child_processes.environment(), stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(
    "one, other",
    [
        ("postgresql://a:secret@db/wrapup", "postgresql://a:secret@db/staging"),
        ("postgresql://a:secret@db/wrapup", "postgresql://a:secret@db2/wrapup"),
        ("postgresql:///wrapup?host=/run/db&password=secret", "postgresql:///staging?host=/run/db&password=secret"),
        ("postgresql:///wrapup?host=db&password=secret", "postgresql:///wrapup?host=db2&password=secret"),
        ("sqlite:////srv/a.db", "sqlite:////srv/b.db"),
        ("sqlite:////srv/a.db", "postgresql://db/wrapup"),
    ],
)
def test_two_databases_do_not_share_it(tmp_path, serving, one, other):
    first = serving(one)
    with pytest.raises(BadSettings, match="another WRAPUP_DATABASE_URL"):
        hold(tmp_path, other)
    assert "secret" not in (tmp_path / FILE).read_text()
    first.kill()
    first.wait()
    hold(tmp_path, other)  # as after a move to another database


@pytest.mark.parametrize(
    "one, other",
    [
        ("postgresql://a:secret@db/wrapup", "postgresql://b:other@db/wrapup"),
        ("postgresql:///wrapup?host=/run/db&password=secret", "postgresql:///wrapup?password=other&host=/run/db"),
        ("sqlite:////srv/a.db", "sqlite:////srv/../srv/a.db"),
    ],
)
def test_several_share_it_for_one_database(tmp_path, serving, one, other):
    serving(one)
    second = serving(other)
    assert second.poll() is None
    with pytest.raises(BadSettings):
        hold(tmp_path, "postgresql://db/another")


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path):
    (tmp_path / FILE).mkdir()
    hold(tmp_path, "sqlite:////srv/a.db")

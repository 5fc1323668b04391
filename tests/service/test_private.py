"""Outcomes, telephone numbers and secrets are for the owner of the data folder alone, from the start and after an update."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from models.database import Database
from service.demo import settings as demo_settings
from upkeep.alerts import keepers
from upkeep.backups import noted
from upkeep.erasure import ledger

WRAPUP = str(Path(sys.executable).parent / "wrapup")


def open_to_others(folder: Path) -> dict[str, str]:
    """What others could read below the folder, itself included."""
    found = [folder, *folder.rglob("*")]
    return {
        str(path): oct(path.stat().st_mode) for path in found if path.stat().st_mode & 0o077 and not path.is_symlink()
    }


@pytest.fixture(autouse=True)
def open_hands():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_what_a_start_makes_is_closed_and_what_is_there_is_closed_too(tmp_path):
    data = tmp_path / "above" / "data"
    environ = {"PATH": os.environ["PATH"], "WRAPUP_DATA_DIR": str(data)}

    def prepare() -> None:
        subprocess.run([WRAPUP, "prepare"], cwd=tmp_path, env=environ, check=True, capture_output=True, timeout=120)

    prepare()
    assert {"wrapup.db", "secrets", "feed-place.json"} <= {path.name for path in data.iterdir()}
    assert open_to_others(data.parent) == {}
    for path in (data, *data.rglob("*")):  # as an earlier release has left it
        path.chmod(0o755 if path.is_dir() else 0o644)
    for name in ("spool", "mirror", "reading"):
        (data / name).mkdir(mode=0o755)
    for name in (keepers.FILE, keepers.LOCK, noted.BACKUP, ledger.FILE, "counted_calls.json"):
        (data / name).write_text("")
    prepare()
    assert open_to_others(data) == {}


def test_the_files_beside_a_database_are_closed(tmp_path):
    path = tmp_path / "shared" / "some.db"
    path.parent.mkdir(mode=0o755)
    database = Database(f"sqlite:///{path}")
    database.make()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
        with database.hold_write_lock():
            beside = {one.name for one in path.parent.iterdir()}
            assert beside == {"some.db", "some.db-wal", "some.db-shm", "some.db-turn", "some.db-first"}
            for one in path.parent.iterdir():
                assert stat.S_IMODE(one.stat().st_mode) == 0o600, one.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755  # not ours
    for one in path.parent.iterdir():
        one.chmod(0o666)
    database.engine.dispose()
    again = Database(f"sqlite:///{path}")
    with again.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM a").scalar() == 1
        assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    again.close()
    database.close()


def test_a_database_behind_a_link_is_closed_where_it_lies(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "there" / "real.db")
    database = Database(f"sqlite:///{tmp_path / 'link.db'}")
    database.make()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    database.close()
    assert stat.S_IMODE((tmp_path / "there" / "real.db").stat().st_mode) == 0o600


def test_the_demos_settings_are_closed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo_settings.written(tmp_path / "wrapup.toml")
    (tmp_path / "wrapup.toml").chmod(0o644)
    demo_settings.written(tmp_path / "wrapup.toml")
    assert stat.S_IMODE((tmp_path / "wrapup.toml").stat().st_mode) == 0o600

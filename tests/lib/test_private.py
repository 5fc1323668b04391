"""What is closed to others, and what is left as it is."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib import private


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_hands():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_folders_are_made_for_their_owner_alone_and_those_that_are_there_stay(tmp_path):
    tmp_path.chmod(0o755)
    private.make_folder(tmp_path / "a" / "b")
    assert [mode(path) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o700, 0o700]
    (tmp_path / "a").chmod(0o750)
    private.make_folder(tmp_path / "a" / "b")
    assert mode(tmp_path / "a") == 0o750


def test_many_make_the_same_folder_at_once(tmp_path):
    for number in range(50):
        path = tmp_path / str(number) / "b"
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(private.make_folder, path) for _ in range(8)]:
                done.result()
        assert mode(path) == 0o700


def test_where_a_file_lies_no_folder_is_made(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(OSError):
        private.make_folder(tmp_path / "a" / "b")


def test_files_are_made_for_their_owner_alone_and_closed_where_they_are_there(tmp_path):
    private.make_file(tmp_path / "new")
    (tmp_path / "old").write_text("what it holds")
    (tmp_path / "old").chmod(0o664)
    private.make_file(tmp_path / "old")
    private.write(tmp_path / "written", "text")
    assert [mode(tmp_path / name) for name in ("new", "old", "written")] == [0o600] * 3
    assert (tmp_path / "old").read_text() == "what it holds"
    private.close(tmp_path / "missing")


@pytest.mark.parametrize(
    ("names", "sticky", "closed"),
    [
        (["wrapup.db", "wrapup.db-wal", "spool"], False, True),
        ([], False, True),
        (["wrapup.db", "somebody.txt"], False, False),
        (["wrapup.db"], True, False),
    ],
)
def test_a_folder_that_others_share_is_left(tmp_path, names, sticky, closed):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    folder.chmod(0o1777 if sticky else 0o755)
    assert private.close_folder(folder, ("wrapup.db", "spool")) is closed
    assert mode(folder) == (0o700 if closed else 0o1777 if sticky else 0o755)
    for name in names:
        assert mode(folder / name) == (0o600 if closed or name == "wrapup.db" else 0o644)

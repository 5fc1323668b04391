"""Following the feed of a real Wrapup: a test call through its whole life, callers who wait, and those who hang up."""

import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rig.patience import stretched
from rig.waiting import until
from tests.server import serving
from web.long_polls import SEATS

CHANGES = "/api/v1/outcomes/changes"
SETTINGS = """
[connections.sandbox]
dialer = "ryng"
callback_tokens = ["a-token-of-nobody-else"]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("following")
    (folder / "wrapup.toml").write_text(SETTINGS)
    with serving(folder) as running:
        yield running
        line = asking(running, 60)
        time.sleep(1.0)  # so that it sits
        began = time.monotonic()
    # Whoever waits does not hold up a stop, and is answered.
    assert time.monotonic() - began < stretched(4)
    line.settimeout(5)
    said = line.recv(65_536)
    assert said.startswith(b"HTTP/1.1 200") and b'"outcomes":[]' in said
    line.close()


def tried(served, *options: str) -> subprocess.CompletedProcess:
    command = [str(Path(sys.executable).parent / "wrapup"), "feed", "test-event", *options]
    return subprocess.run(command, cwd=served.folder, env=served.environ, capture_output=True, text=True, timeout=60)


def test_a_test_event_lives_a_whole_life_and_a_follower_sees_each_step(served):
    seen, place, done = [], served.get(f"{CHANGES}?after=now").json()["next"], threading.Event()

    def follow():
        nonlocal place
        while not done.is_set():
            page = served.get(f"{CHANGES}?wait=5&connection=sandbox&after={place}").json()
            seen.extend(page["outcomes"])
            place = page["next"]

    follower = threading.Thread(target=follow)
    follower.start()
    told = tried(served, "--pause", "3")
    until(lambda: any(row["merged_into"] for row in seen), 10)
    done.set()
    follower.join()
    assert told.returncode == 0, told.stderr
    steps = re.findall(r"^(\w[\w ]*): outcome (\S+), revision (\d+), (\w+), ", told.stdout, re.MULTILINE)
    assert list(dict.fromkeys(step for step, *_ in steps)) == [
        "provisional",
        "settled",
        "corrected",
        "another one",
        "merged",
    ]
    first = steps[0][1]
    mine = [row for row in seen if row["id"] == first]
    assert [row["settling"] for row in mine][:3] == ["provisional", "settled", "settled"]
    assert mine[1]["disposition"] == "Interested" and mine[2]["disposition"] == "Not interested"
    assert mine[1]["corrected_at"] is None and mine[2]["corrected_at"] is not None
    assert "disposition" in mine[2]["changed_fields"]
    (merged,) = [row for row in seen if row["merged_into"]]
    assert merged["merged_into"] == first
    assert {row["connection"] for row in seen} == {"sandbox"}
    assert {row["campaign_name"] for row in seen} == {"Test of the feed"}


def test_without_its_connection_a_test_event_says_what_to_add(served, tmp_path):
    (tmp_path / "wrapup.toml").write_text(SETTINGS.replace("sandbox", "ryng-main"))
    environ = {**served.environ, "WRAPUP_CONFIG": str(tmp_path / "wrapup.toml")}
    command = [str(Path(sys.executable).parent / "wrapup"), "feed", "test-event"]
    told = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
    assert told.returncode == 1 and "[connections.sandbox]" in told.stderr


def asking(served, wait: int) -> socket.socket:
    """A caller who waits."""
    host, port = served.url.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=40)
    line.sendall(
        f"GET {CHANGES}?after=now&wait={wait} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.key}\r\n\r\n".encode()
    )
    return line


def waited(served) -> float:
    """For how long somebody is let wait who asks for two seconds."""
    began = time.monotonic()
    assert served.get(f"{CHANGES}?after=now&wait=2").json()["outcomes"] == []
    return time.monotonic() - began


def test_who_hangs_up_gives_the_seat_back(served):
    lines = [asking(served, 60) for _ in range(SEATS - 1)]

    def all_are_taken():
        lines.append(asking(served, 60))  # one that found none, because we sat there to look, has been answered
        return waited(served) < 1.5

    until(all_are_taken, 20)
    assert served.get("/api/v1/outcomes?limit=1").status_code == 200
    assert served.get("/api/v1/connections").status_code == 200
    for line in lines:
        line.close()
    until(lambda: waited(served) > 1.9, 20)

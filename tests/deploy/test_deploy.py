"""What stands in deploy/ agrees with the code."""

import logging
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from service.settings import config
from service.supervisor.hooks import TokensHidden

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ONCE = [unit for unit in UNITS if "Type=oneshot" in unit.read_text(encoding="utf-8")]  # what a timer starts
STAYING = [unit for unit in UNITS if unit not in ONCE]


def settings_in(text):
    return set(re.findall(r"\bWRAPUP_[A-Z_]+\b", text))


def env_example():
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_env_example_names_every_setting_and_no_other():
    read = settings_in((ROOT / "service" / "settings" / "config.py").read_text(encoding="utf-8"))
    assert {name for name in env_example() if name.startswith("WRAPUP_")} == read


def test_settings_page_names_every_setting_and_no_other():
    read = settings_in((ROOT / "service" / "settings" / "config.py").read_text(encoding="utf-8"))
    assert settings_in((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")) == read


def test_the_examples_are_accepted_when_what_they_ask_for_is_put_in(tmp_path):
    environ = env_example() | {
        "WRAPUP_CONFIG": str(DEPLOY / "wrapup.toml.example"),
        "WRAPUP_DATA_DIR": str(tmp_path),
    }
    with pytest.raises(config.BadSettings, match="is still what the example says"):
        config.load(environ)
    real = {name: f"0123456789-{name}" for name, value in environ.items() if value.startswith("change-me")}
    settings = config.load(environ | real)
    assert {connection.dialer for connection in settings.connections.values()} >= {"ryng", "qvoice"}


# A table, or a key with its value, that stands there as a comment.
OFFERED = re.compile(r'^# (?=\[[a-z_]+[].]|[a-z_]+ = |"[^"]+" = )', re.MULTILINE)


def test_what_the_example_offers_as_comments_is_accepted_too(tmp_path):
    whole = OFFERED.sub("", (DEPLOY / "wrapup.toml.example").read_text(encoding="utf-8"))
    (tmp_path / "wrapup.toml").write_text(whole, encoding="utf-8")
    environ = {name: f"0123456789-{name}" for name in re.findall(r"\$\{(\w+)\}", whole)}
    environ |= {"WAREHOUSE_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
    environ |= {"WRAPUP_CONFIG": str(tmp_path / "wrapup.toml"), "WRAPUP_DATA_DIR": str(tmp_path / "data")}
    settings = config.load(environ | {"WRAPUP_PUBLIC_URL": "https://wrapup.example.com"})
    assert len(settings.destinations) == whole.count("\n[destinations.") > 5
    assert settings.alerts.wanted and settings.sign_in.oidc and settings.schedules.mail and settings.retention.months


def test_env_example_holds_the_defaults(tmp_path):
    changed = {"WRAPUP_DATA_DIR", "WRAPUP_CONFIG", "WRAPUP_PUBLIC_URL"}  # these belong to the machine
    named = {name: value for name, value in env_example().items() if name not in changed}
    base = {"WRAPUP_DATA_DIR": str(tmp_path)}
    assert config.load(named | base) == config.load(base)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_reads_env_example_as_systemd_does(shell):
    """The commands of deploy/README.md take the service's environment from this file."""
    names = list(env_example())
    script = f'set -a; . deploy/env.example; set +a; for name in {" ".join(names)}; do eval "echo \\"\\$$name\\""; done'
    done = subprocess.run([shell, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert dict(zip(names, done.stdout.splitlines(), strict=True)) == env_example()


@pytest.fixture
def gunicorn_says(monkeypatch):
    """What gunicorn makes of the configuration, as it prints it."""

    def ask(**environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--print-config",
            "-c",
            "python:service.supervisor.receivers",
            "--chdir",
            "lib",
        ]
        # Another application than ours: printing loads it, and ours would make a data folder.
        done = subprocess.run([*command, "clock:now"], cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in done.stdout.splitlines() if "=" in line)

    return ask


def test_gunicorn_reads_its_configuration(gunicorn_says):
    said = gunicorn_says()
    assert said["bind"] == "['127.0.0.1:8080']"
    assert (said["workers"], said["worker_class"]) == ("2", "callbacks.http.worker.Worker")
    assert said["accesslog"] == "None"  # paths hold tokens
    assert said["control_socket_disable"] == "True"
    assert int(said["graceful_timeout"]) < 8  # ``service.supervisor.children`` kills after that


def test_gunicorn_listens_to_the_environment(gunicorn_says):
    said = gunicorn_says(WRAPUP_BIND="127.0.0.1:9999", WRAPUP_WORKERS="5")
    assert (said["bind"], said["workers"]) == ("['127.0.0.1:9999']", "5")


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("Error handling request POST /callbacks/ryng/s3cret/terminal", "... POST /callbacks/ryng/.../terminal"),
        ("Invalid Request Line '/callbacks/ryng/s3cret?x=1'", "Invalid Request Line '/callbacks/ryng/...?x=1'"),
        ("Exception on /x/wx_s3cret.csv [GET]", "Exception on /x/... [GET]"),
        ("Invalid Request Line 'GET //%78/wx_s3cret.csv?x=1'", "Invalid Request Line 'GET //%78/...?x=1'"),
        ("Exception on /api/v1/suppressions/+919800012345 [DELETE]", "Exception on /api/v1/suppressions/... [DELETE]"),
        ("Error handling request /api/v1/outcomes?number=%2B919800012345&x=1", "/api/v1/outcomes?number=...&x=1"),
        ("GET /api/v1/loads/01234567-464f-777f-ad8e-0cb333424edb", "/loads/01234567-464f-777f-ad8e-0cb333424edb"),
        ("Booting worker with pid: 7", "Booting worker with pid: 7"),
    ],
)
def test_gunicorn_logs_no_tokens(line, written):
    hidden = TokensHidden()
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "%s", (line,), None)
    assert hidden.filter(record)
    assert record.getMessage().endswith(written.removeprefix("..."))
    assert "s3cret" not in record.getMessage()


def test_the_base_image_is_pinned_and_one():
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}"] * 2
    assert re.search(r"^ARG BASE=python:3\.\d+-slim@sha256:[0-9a-f]{64}$", text, re.MULTILINE)


def test_the_image_holds_every_package():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    packages = {name.split(".")[0] for name in setup["options"]["packages"].split()}
    copied = set(re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE))
    assert copied == packages


def test_the_settings_file_lies_where_the_container_looks_for_it():
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"-v \./wrapup\.toml:([^:\s]+)", guide) == re.findall(r"-e WRAPUP_CONFIG=(\S+)", guide) != []


@pytest.mark.parametrize("unit", STAYING, ids=lambda unit: unit.name)
def test_units_restart_for_ever_and_are_fenced_in(unit):
    text = unit.read_text(encoding="utf-8")
    for line in (
        "Restart=always",
        "StartLimitIntervalSec=0",
        "TimeoutStopSec=15",
        "ProtectSystem=strict",
        "User=wrapup",
    ):
        assert f"\n{line}\n" in text


def fence(unit: Path) -> list[str]:
    """What a service may not, line by line."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.match("UMask|NoNew|Capability|Protect|Private|Restrict|Lock|SystemCall", line)]


@pytest.mark.parametrize("unit", ONCE, ids=lambda unit: unit.name)
def test_what_a_timer_starts_is_fenced_in_as_what_stays_and_goes_last(unit):
    text = unit.read_text(encoding="utf-8")
    assert set(fence(DEPLOY / "systemd" / "wrapup.service")) <= set(fence(unit))
    assert int(re.search(r"^CPUWeight=(\d+)$", text, re.MULTILINE)[1]) < 100
    assert unit.with_suffix(".timer").is_file() and "[Install]" not in text


def test_a_worker_of_its_own_gets_as_much_as_any_other_service_and_callbacks_go_first():
    def weight(unit):
        return int(re.search(r"^CPUWeight=(\d+)$", (DEPLOY / "systemd" / unit).read_text(), re.MULTILINE)[1])

    others = 100  # systemd's default
    assert weight("wrapup.service") >= weight("wrapup-web.service") > weight("wrapup-worker.service") >= others


def test_systemd_accepts_the_units():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    others = [path for kind in ("socket", "timer") for path in (DEPLOY / "systemd").glob(f"*.{kind}")]
    units = [*map(str, UNITS), *map(str, others)]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if line.startswith("wrapup") and "/opt/" not in line]
    assert complaints == []


def test_who_runs_it_and_its_folders_are_those_of_the_units():
    text = (DEPLOY / "systemd" / "wrapup.service").read_text(encoding="utf-8")
    users = (DEPLOY / "systemd" / "wrapup.sysusers").read_text(encoding="utf-8")
    folders = (DEPLOY / "systemd" / "wrapup.tmpfiles").read_text(encoding="utf-8")
    user, home = (
        re.search(r"^User=(.+)$", text, re.MULTILINE)[1],
        re.search(r"^WorkingDirectory=(.+)$", text, re.MULTILINE)[1],
    )
    assert re.search(rf'^u {user} - ".+" {home} /usr/sbin/nologin$', users, re.MULTILINE)
    assert re.search(rf"^d {home} 0700 {user} {user} -$", folders, re.MULTILINE)
    assert re.search(r"^EnvironmentFile=(/etc/wrapup)/", text, re.MULTILINE)[1] in re.findall(
        r"^d (\S+)", folders, re.MULTILINE
    )
    assert not re.search(r"^[rRDqQ]", folders, re.MULTILINE), "removes nothing"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_units_as_closed_as_they_were(unit):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=18", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-300:]


@pytest.mark.parametrize(
    ("python", "mode", "said"),
    [
        ("/usr/bin/python3", 0o755, ""),
        (
            "/root/.pyenv/versions/3.11.7/bin/python3.11",
            0o755,
            "/root/.pyenv/versions/3.11.7/bin/python3.11: they may not",
        ),
        ("/home/amy/.local/share/uv/python/bin/python3.11", 0o755, "make install PYTHON=/usr/bin/python3"),
        ("/usr/bin/python3", 0o700, "it is closed to others. chmod -R go+rX ."),
    ],
)
def test_who_installs_hears_what_units_could_not_start(tmp_path, python, mode, said):
    for folder in (tmp_path, tmp_path / ".venv", tmp_path / ".venv" / "bin"):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
    link = tmp_path / ".venv" / "bin" / "python"
    link.symlink_to(python)
    done = subprocess.run([DEPLOY / "reachable"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and said in done.stderr and bool(said) == bool(done.stderr), done.stderr
    assert "\n\t@deploy/reachable\n" in (ROOT / "Makefile").read_text(encoding="utf-8")

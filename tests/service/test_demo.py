"""``wrapup demo`` but for its running: what it writes, keeps, loads and erases."""

import fcntl
import random
import re
import socket
import sys
import time

import pytest

from dialers.registry import DIALERS
from lib import phone
from models.database import Database
from rig.patience import stretched
from sandbox.qvoice import calls as qvoice_calls
from sandbox.ringostat import calls as ringostat_calls
from sandbox.ryng import bodies, plan
from service.app import create_app
from service.cli.group import wrapup
from service.demo import command as demo
from service.demo import settings as demo_settings
from service.settings import config
from service.settings.mistakes import BadSettings
from service.supervisor.children import Child
from tests.web.conftest import settings_for
from web.context import context


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    demo.FOLDER.mkdir()
    return demo.FOLDER


def loaded(folder) -> config.Settings:
    """The settings as ``wrapup demo`` loads them."""
    demo_settings.written(folder / "wrapup.toml")
    return config.load({"WRAPUP_CONFIG": str(folder / "wrapup.toml"), "WRAPUP_DATA_DIR": str(folder)})


def test_a_second_run_keeps_the_settings(folder):
    file = folder / "wrapup.toml"
    first = demo_settings.written(file)
    file.write_text(file.read_text() + '"New Disposition" = []\n')
    text = file.read_text()
    assert demo_settings.written(file) == first and file.read_text() == text
    with socket.socket() as taken, socket.socket() as mails:
        for line, name in ((taken, "voipex"), (mails, "mail")):
            line.bind(("127.0.0.1", first[name]))
            line.listen()
        again = demo_settings.written(file)
    assert {name for name in first if first[name] != again[name]} == {"voipex", "mail"}
    wanted = text.replace(f":{first['voipex']}", f":{again['voipex']}")
    assert file.read_text() == wanted.replace(f"port = {first['mail']}", f"port = {again['mail']}")
    settings = loaded(folder)
    assert settings.connections["voipex-demo"].settings["auth_url"].endswith(f":{again['voipex']}/token")
    assert settings.schedules.mail.port == again["mail"]
    file.write_text(file.read_text().replace(demo_settings.SENDER, "reports@acme.example"))
    assert "mail" not in demo_settings.written(file)  # a server of the reader's own is not played


@pytest.mark.parametrize("text", ["[connections", "", '[connections.ryng-demo]\ndialer = "ryng"\n'])
def test_settings_that_are_no_demos_are_left_alone(folder, text):
    (folder / "wrapup.toml").write_text(text)
    with pytest.raises(BadSettings, match="wrapup demo --fresh writes it anew"):
        demo_settings.written(folder / "wrapup.toml")
    assert (folder / "wrapup.toml").read_text() == text


def test_every_dialer_is_in_the_demo_and_some_words_are_undecided(folder):
    connections = loaded(folder).connections
    assert {one.dialer for one in connections.values()} == set(DIALERS)
    ryng, qvoice, ringostat = (connections[f"{name}-demo"] for name in ("ryng", "qvoice", "ringostat"))
    undecided = {
        "ryng": [word for _, word in plan.DISPOSITIONS if not ryng.decides(word)],
        "qvoice": [word for word in qvoice_calls.TALKED if not qvoice.decides(word)],
        "ringostat": [word for word in ringostat_calls.CARDS if word and not ringostat.decides(word)],
    }
    assert undecided == {
        "ryng": ["New Disposition"],
        "qvoice": ["Wrong number"],
        "ringostat": ["Call back later"],
    }


def test_leads_are_loaded_once(folder):
    settings = loaded(folder)
    assert demo._load(settings) == len(demo.LOADS)
    assert demo._load(settings) == 0
    database = Database(settings.database_url)
    with database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT number, reference FROM loaded_leads").all()
    database.close()
    assert len(rows) == len({reference for _, reference in rows}) == sum(count for *_, count in demo.LOADS)
    assert demo._calls() == 0


def test_numbers_are_those_of_their_countries():
    dice = random.Random(0)
    campaign = qvoice_calls.campaign("Renewals", dice, 50, 0)
    agents = [agent.number for agent in plan.AGENTS]
    call = bodies.Call(1, bodies.CAMPAIGN, "", None)
    written = [f"{prefix}{demo.FIRST.get(prefix, 0):04d}" for _, _, prefix, _ in demo.LOADS]
    written += [lead["number"] for lead in campaign.leads.values()] + [qvoice_calls.OURS, call.virtual_number, *agents]
    assert [number for number in written if phone.read(number).doubts] == []
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", lead["number"]) for lead in campaign.leads.values())


def test_what_is_erased_is_said(folder, capsys, monkeypatch):
    monkeypatch.setattr(demo, "supervise", lambda plan, children: 0)
    for name in ("WRAPUP_CONFIG", "WRAPUP_DATA_DIR", "WRAPUP_DATABASE_URL"):
        monkeypatch.setenv(name, "x")  # set back afterwards: the demo sets its own
    assert demo.run() == 0
    said = capsys.readouterr().out
    assert "Five dialers of the sandbox are placing calls; leads go to 4 of them." in said and "Erased:" not in said
    token = loaded(folder).connections["ryng-demo"].callback_tokens
    (folder / "spool").mkdir(exist_ok=True)
    assert demo.run() == 0
    said = capsys.readouterr().out
    assert "goes on with the 0 calls" in said and "--fresh` erases them" in said and "leads go" not in said
    assert loaded(folder).connections["ryng-demo"].callback_tokens == token
    assert demo.run(fresh=True) == 0
    assert "Erased: 0 calls, the settings and the keys of the demo in" in capsys.readouterr().out
    assert loaded(folder).connections["ryng-demo"].callback_tokens != token and not (folder / "spool").exists()


def test_ryngs_past_is_posted_in_the_first_run_only(folder):
    settings, ports = loaded(folder), dict.fromkeys(demo_settings.NAMES, 1)
    first, later = (demo._players(settings, ports, first)["ryng"] for first in (True, False))
    assert "--past-days" in first and "--past-days" not in later


def test_two_demos_do_not_share_a_folder(folder):
    with (folder / demo.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BadSettings, match="is running on .* already"):
            demo.run(fresh=True)


def test_help_tells_of_fresh(capsys):
    with pytest.raises(SystemExit) as ended:
        demo.demo.main(["--help"])
    assert ended.value.code == 0 and "--fresh" in capsys.readouterr().out


def test_a_dialer_is_not_renewed_beside_itself():
    child = Child("sandbox", [sys.executable, "-c", "import time; time.sleep(60)"], {}, renewable=False)
    child.look(0.0)
    process = child.process
    child.renew()
    child.look(1.0)
    assert child.processes() == [process]
    process.kill()
    process.wait()


@pytest.mark.parametrize(("code", "starts"), [(0, 1), (3, 2)])
def test_a_child_with_work_that_ends_is_started_until_it_has_done_it(code, starts, tmp_path):
    mark = tmp_path / "mark"
    script = f"import sys; open({str(mark)!r}, 'a').write('x'); sys.exit({code})"
    child = Child("work", [sys.executable, "-c", script], {}, once=True)
    until = time.monotonic() + stretched(20)
    now = 0.0
    while (len(mark.read_text()) if mark.exists() else 0) < starts and time.monotonic() < until:
        child.look(now := now + 0.05)
        time.sleep(0.02)
    child.process and child.process.wait()
    for _ in range(20 if code == 0 else 0):
        child.look(now := now + 1)
    child.process and child.process.wait()
    assert len(mark.read_text()) == starts


def test_the_commands_name_it(sqlite_url, tmp_path):
    app = create_app(settings_for(sqlite_url, tmp_path))
    said = app.test_cli_runner().invoke(wrapup, ["--help"]).output
    helped = app.test_cli_runner().invoke(wrapup, ["demo", "--help"])
    context(app).database.close()
    assert re.search(r"\n  demo +Run all of it on a database of its own", said), said
    assert helped.exit_code == 0 and "--fresh" in helped.output

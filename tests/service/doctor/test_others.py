"""The doctor looks at every host that the settings name, and at nothing else."""

import socket

from rig.ports import free_port
from service.doctor.line import FAIL, OK, WARN
from tests.service.doctor.looking import SECRET, looked, web

TOML = """
[mail]
host = "127.0.0.1"
port = {mail}
from = "wrapup@example.com"

[alerts]
mail = ["ops@example.com"]
heartbeat = "http://127.0.0.1:{port}/ping/1"

[buckets.lake]
endpoint = "http://127.0.0.1:{port}"
bucket = "reports"
access_key = "a"
secret_key = "b"

[sign_in.oidc]
issuer = "http://127.0.0.1:{port}/realms/acme"
client_id = "wrapup"
client_secret = "s"
roles = {{ read = ["analysts"] }}
"""
NAMED = ("mail", "alerts", "bucket lake", "sign-in provider")


def test_whoever_takes_mails_files_and_alerts_or_lets_people_in_is_looked_at(environ, tmp_path, monkeypatch):
    (tmp_path / "wrapup.toml").write_text(TOML.format(mail=free_port(), port=free_port()))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    away = looked(environ)
    assert "Wrapup asks none, and goes straight" in away["alerts"].todo
    assert {name: away[name].state for name in NAMED} == dict.fromkeys(NAMED, FAIL)
    assert "cannot be reached" in away["mail"].said
    with web(404) as port, socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "wrapup.toml").write_text(TOML.format(mail=server.getsockname()[1], port=port))
        there = looked(environ)
    assert {name: there[name].state for name in NAMED} == dict.fromkeys(NAMED, OK)
    assert "`wrapup alerts test` tries" in there["mail"].said
    with socket.create_server(("127.0.0.1", 0)) as server:
        toml = f'[mail]\nhost = "127.0.0.1"\nport = {server.getsockname()[1]}\nfrom = "wrapup@example.com"\n'
        (tmp_path / "wrapup.toml").write_text(toml)
        there = looked(environ)["mail"].said  # nobody is told alerts: that command would refuse
    assert "`wrapup schedules send`" in there and "alerts test" not in there


def test_what_nobody_has_set_up_is_no_line(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text("")
    assert looked(environ).keys().isdisjoint({*NAMED, "copy for readers"})


def test_a_copy_for_readers_that_does_not_answer_is_told(environ, tmp_path, postgresql_url):
    (tmp_path / "wrapup.toml").write_text("")
    environ = environ | {"WRAPUP_DATABASE_URL": postgresql_url}
    away = looked(environ | {"WRAPUP_READER_URL": f"postgresql://u:{SECRET}@127.0.0.1:{free_port()}/x"})
    line = away["copy for readers"]
    assert line.state == WARN and line.said.startswith("It cannot be used, and the primary is asked: ")
    assert SECRET not in line.said
    assert looked(environ | {"WRAPUP_READER_URL": postgresql_url})["copy for readers"].state == OK

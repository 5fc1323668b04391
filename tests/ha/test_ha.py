"""What `make ha` stands on, without running it: the files of deploy/ha, and how it counts."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from models.database import Database
from tests.chaos.ledger import Entry, Ledger, Stored
from tests.ha import tools
from tests.ha.cluster import balancer_settings, settings
from tests.ha.network import ADDRESSES, ETCD
from tests.ha.run import _beyond, _of
from tests.ha.watching import Reader, Writer
from tests.ha.world import World
from tests.server import ROOT

HA = ROOT / "deploy" / "ha"


@pytest.mark.parametrize("host", ADDRESSES)
def test_each_host_has_the_shipped_settings_and_its_own_place(host, tmp_path):
    found = settings(host, ADDRESSES[host], tmp_path, Path("/programs"))
    shipped = yaml.safe_load((HA / "patroni.yml").read_text())
    assert found["bootstrap"] == shipped["bootstrap"]
    assert found["postgresql"]["connect_address"] == f"{ADDRESSES[host]}:5432"
    assert found["restapi"]["listen"] == f"{ADDRESSES[host]}:8008"
    assert [place.partition(":")[0] for place in found["etcd3"]["hosts"]] == list(ETCD)


def test_patroni_keeps_its_lease_and_its_synchronous_standby():
    shipped = yaml.safe_load((HA / "patroni.yml").read_text())["bootstrap"]["dcs"]
    assert shipped["ttl"] == 20
    assert shipped["loop_wait"] + 2 * shipped["retry_timeout"] <= shipped["ttl"]
    assert shipped["synchronous_mode"] is True
    assert shipped["postgresql"]["parameters"]["synchronous_commit"] == "on"


def test_the_balancer_sends_callbacks_again_and_nothing_else_that_may_have_arrived():
    text = (HA / "haproxy.cfg").read_text()
    parts = dict(re.findall(r"^backend (\w+)\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL))
    again = {name: re.search(r"retry-on (.*)", part)[1].split() for name, part in parts.items()}
    assert {"conn-failure", "response-timeout", "empty-response"} <= set(again["callbacks"])
    assert again["pages"] == again["large_callbacks"] == ["conn-failure"]
    for part in parts.values():
        assert part.count("backup no-check") == 2  # where both checks fail they are asked all the same
    # Who has sent a callback is never cut off because its host is: it may be sent to the other one.
    assert [name for name, part in parts.items() if "shutdown-sessions" in part] == ["pages"]
    assert "uri /readyz" in text
    assert not re.search(r"%(r|HU|HP|HQ)\b|%\[path|%hr|capture", text)  # the path of a callback holds its token


def test_the_balancer_of_the_run_differs_in_tls_alone():
    shipped = (HA / "haproxy.cfg").read_text().splitlines()
    made = balancer_settings("/control").splitlines()
    gone = set(shipped) - set(made)
    assert all("ssl" in line or "https" in line or "bind" in line or "maxconn" in line for line in gone)


@pytest.mark.skipif(not shutil.which("haproxy", path="/usr/sbin:/usr/bin"), reason="no HAProxy here")
def test_haproxy_takes_the_file(tmp_path):
    file = tmp_path / "haproxy.cfg"
    file.write_text(balancer_settings(tmp_path / "control"))
    done = subprocess.run(["/usr/sbin/haproxy", "-c", "-f", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_has_two_of_each_and_one_url():
    found = yaml.safe_load((HA / "compose.yaml").read_text())["services"]
    assert {"a", "b", "c", "receivers-a", "receivers-b", "worker-a", "worker-b", "balancer"} <= found.keys()
    volumes = [found[f"receivers-{host}"]["volumes"] for host in "ab"]
    assert volumes[0] != volumes[1], "the spool is each host's own"
    assert volumes == [found[f"worker-{host}"]["volumes"] for host in "ab"]
    urls = {
        found[f"{part}-{host}"]["environment"]["WRAPUP_DATABASE_URL"]
        for part in ("receivers", "worker")
        for host in "ab"
    }
    (url,) = urls
    assert url.replace("${DATABASE_PASSWORD:?}", "PASSWORD") in (HA / "wrapup.env").read_text()


def test_the_url_names_all_three_and_asks_for_one_that_writes():
    (text,) = re.findall(r"^WRAPUP_DATABASE_URL='(.*)'$", (HA / "wrapup.env").read_text(), re.MULTILINE)
    url = Database(text).url
    assert url.query["host"] == tuple(f"{address}:5432" for address in ADDRESSES.values())
    assert url.query["target_session_attrs"] == "read-write"


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "_which", lambda name, folder: None)
    with pytest.raises(tools.Missing, match=r"no unshare .*no etcd \(Debian: etcd-server\); no haproxy"):
        tools.found(tmp_path)


def test_what_the_balancer_sent_once_more_is_counted_and_not_held_against_the_ledger():
    ledger = Ledger({(1_000_000, "terminal"): Entry(tries=1, answered=1), (1_000_001, "terminal"): Entry(tries=2)})
    found = Stored(receipts=Counter({(1_000_000, "terminal"): 2, (1_000_001, "terminal"): 1, (7, "connect"): 1}))
    mine = _of(found, 1_000_000)
    assert _beyond(ledger, mine) == 1
    assert mine.receipts == {(1_000_000, "terminal"): 1, (1_000_001, "terminal"): 1}


def test_the_longest_time_without_a_write_is_found_and_when_the_last_one_ended(sqlite_url, monkeypatch):
    writer = Writer(sqlite_url)
    monkeypatch.setattr("tests.ha.watching.time.monotonic", lambda: 130.2)
    writer.at = [99.0, 100.2, 112.2, 112.3, 113.9, *(114 + n / 10 for n in range(162))]
    away, back = writer.away_since(100.0)
    assert away == pytest.approx(12.0)
    assert back == pytest.approx(13.9)


@pytest.mark.parametrize(
    "seen, disorder, restarts, said",
    [
        ({("x", 1): 1, ("x", 2): 1, ("y", 1): 1}, 0, 0, []),
        ({("x", 2): 2, ("y", 1): 1}, 0, 0, ["more than once"]),
        ({("x", 1): 1, ("y", 1): 1}, 0, 0, ["never showed"]),
        ({("x", 2): 1, ("y", 1): 1}, 1, 1, ["out of order", "began again"]),
    ],
)
def test_what_the_feed_kept_back_or_repeated_is_told(seen, disorder, restarts, said):
    reader = Reader(None)
    reader.seen, reader.disorder, reader.restarts = Counter(seen), disorder, restarts
    told = reader.wrong({"x": 2, "y": 1})
    assert len(told) == len(said)
    assert all(words in line for words, line in zip(said, told, strict=True))


def test_a_lead_that_is_called_twice_or_never_is_told():
    world = World()
    world.asked = world.tried = ["+380930000001", "+380930000002"]
    world.jaicp.add("demo", [{"phone": "380930000001"}], "k1")
    world.jaicp.add("demo", [{"phone": "380930000001"}], "k2")
    told = " ".join(world.wrong({"x": 1}, polled=0))
    assert "+380930000001 was given 2 times" in told
    assert "1 leads that were taken with 202 never came" in told
    assert "1 outcomes are not at the webhook" in told

"""``deploy/compose.yaml``: what it sets is a setting, all is fenced in, and one receiver is there while the other is replaced."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.deploy.test_deploy import DEPLOY, settings_in
from tests.docs.pages import read

TEXT = read("deploy/compose.yaml")
FILE = yaml.safe_load(TEXT)
SERVICES = FILE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("${WRAPUP_IMAGE")}


def test_what_it_sets_is_a_setting():
    known = settings_in(read("service/settings/config.py"))
    assert {name for one in OURS.values() for name in one["environment"]} <= known


def test_passwords_and_keys_are_asked_for_and_stand_nowhere():
    for name in ("POSTGRES_PASSWORD", "WRAPUP_SECRET_KEY"):
        asked = re.findall(rf"\$\{{{name}(.)", TEXT)
        assert asked and set(asked) == {":"} and f"${{{name}:?" in TEXT and f"${{{name}:-" not in TEXT


@pytest.mark.parametrize("name", SERVICES)
def test_each_is_fenced_in_and_starts_again(name):
    one = SERVICES[name]
    assert one["read_only"] and one["cap_drop"] == ["ALL"] and one["security_opt"] == ["no-new-privileges:true"]
    assert one["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert re.search(r":-\S+:\S+\}$", one["image"]), "a tag, which may be another"


def test_only_the_proxy_is_reached_from_outside_and_by_this_machine_alone():
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["${WRAPUP_PUBLISH:-127.0.0.1:8080}:8080"]


def test_what_is_kept_is_a_volume_and_each_receiver_has_a_spool_of_its_own():
    kept = {name: one["volumes"][0].split(":") for name, one in SERVICES.items() if name in FILE["volumes"]}
    assert {name: volume for name, (volume, _) in kept.items()} == {name: name for name in FILE["volumes"]}
    assert {place for name, (_, place) in kept.items() if name != "postgresql"} == {"/var/lib/wrapup"}


def test_first_the_schema_then_one_receiver_then_the_other():
    after = {name: one.get("depends_on", {}) for name, one in SERVICES.items()}
    assert after["migrate"] == {"postgresql": {"condition": "service_healthy"}}
    for name in ("web-a", "web-b", "worker"):
        assert after[name]["migrate"] == {"condition": "service_completed_successfully"}
    assert after["web-b"]["web-a"] == {"condition": "service_healthy"}
    assert not any(one.get("healthcheck", {}).get("disable") for name, one in SERVICES.items() if "web" in name)


def test_the_proxy_knows_both_receivers_and_its_word_is_believed():
    haproxy = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")
    servers = [("web-a", "web-a:8080"), ("web-b", "web-b:8080")]
    assert re.findall(r"^ +server (\S+) (\S+)$", haproxy, re.MULTILINE) == servers * 2
    # A 503 of the balancer's own would be a lost outcome.
    assert re.findall(r"^ +server \S+-anyway (\S+) backup no-check$", haproxy, re.MULTILINE) == [
        address for _, address in servers * 2
    ]
    (network,) = FILE["networks"]["default"]["ipam"]["config"]
    assert {one["environment"]["WRAPUP_TRUSTED_PROXIES"] for one in OURS.values()} == {network["subnet"]}


def test_the_proxy_asks_as_that_of_several_hosts_does():
    """Callbacks are sent again, and leads are not; and there is time for a check while the database hangs."""
    ours, theirs = (
        file.read_text(encoding="utf-8") for file in (DEPLOY / "haproxy.cfg", DEPLOY / "ha" / "haproxy.cfg")
    )
    for key in (
        "retry-on",
        "timeout check",
        "timeout connect",
        "http-check",
        "option http-buffer-request",
        "tune.bufsize",
    ):
        found = [line.strip() for line in ours.splitlines() if line.strip().startswith(key)]
        shipped = {line.strip() for line in theirs.splitlines()}
        assert found and set(found) <= shipped, key
    (callbacks,) = re.findall(r"^backend callbacks\n((?: .+\n)+)", ours, re.MULTILINE)
    (others,) = re.findall(r"^backend receivers\n((?: .+\n)+)", ours, re.MULTILINE)
    assert "empty-response" in callbacks and re.findall(r"retry-on (.+)", others) == ["conn-failure"]


@pytest.mark.skipif(not shutil.which("haproxy", path="/usr/sbin:/usr/bin"), reason="no HAProxy here")
def test_haproxy_takes_the_file():
    command = [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-c", "-f", str(DEPLOY / "haproxy.cfg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

"""The Helm chart, as far as it can be read without Helm: its values are used and given, its YAML holds together, its pods are
fenced in, and what a callback was kept in outlives its pod."""

import re

import pytest
import yaml

from tests.deploy.test_deploy import DEPLOY, settings_in
from tests.docs.pages import read

CHART = DEPLOY / "helm" / "wrapup"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").iterdir())}
HELPERS = dict(
    re.findall(r'\{\{- define "(.+?)" -\}\}\n(.*?)\n\{\{- end \}\}\n(?=\n|\Z)', TEMPLATES["_helpers.tpl"], re.DOTALL)
)
ALL = "".join(TEMPLATES.values())


def parsed(text: str) -> list:
    """The YAML outside the actions: lines that are only an action are left out, others have a word in its place."""
    lines = [line for line in text.splitlines() if not re.fullmatch(r"\s*\{\{.*\}\}\s*", line)]
    return [one for one in yaml.safe_load_all(re.sub(r"\{\{.*?\}\}", "word", "\n".join(lines))) if one]


OBJECTS = {name: parsed(text) for name, text in TEMPLATES.items() if name.endswith(".yaml")}
STATEFUL = {name: OBJECTS[f"{name}.yaml"][0]["spec"] for name in ("web", "worker")}


def paths(values: dict, before: str = "") -> set[str]:
    """Every value by its path; a table that is empty, or handed on whole, is one."""
    found = set()
    for name, value in values.items():
        path = f"{before}{name}"
        found |= paths(value, f"{path}.") if isinstance(value, dict) and value and name != "resources" else {path}
    return found


def test_every_value_is_used_and_every_used_one_is_given():
    used = set(re.findall(r"\.Values\.([\w.]+)", ALL))
    assert used == paths(VALUES)


def test_every_block_is_closed_and_every_helper_is_there():
    for name, text in TEMPLATES.items():
        opened = re.findall(r"\{\{-? (?:if|with|range|define) ", text)
        assert len(opened) == len(re.findall(r"\{\{-? end ", text)), name
        assert text.count("{{") == text.count("}}"), name
    assert set(re.findall(r'include "(.+?)"', ALL)) == set(HELPERS)


@pytest.mark.parametrize("name", OBJECTS)
def test_each_object_says_what_it_is(name):
    for one in OBJECTS[name]:
        assert one["apiVersion"] and one["kind"] and one["metadata"]["name"].startswith("word")


def test_pods_are_fenced_in():
    (pod,) = parsed(HELPERS["wrapup.pod"])
    (container,) = parsed(HELPERS["wrapup.container"])
    fence = pod["securityContext"]
    assert fence["runAsNonRoot"] and fence["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"USER {fence['runAsUser']}:{fence['runAsGroup']}\n" in read("deploy/Containerfile")
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    pods = sum(text.count("volumeMounts:") for text in TEMPLATES.values())
    for helper in ("pod", "container", "mounts", "volumes"):
        assert ALL.count(f'include "wrapup.{helper}"') == pods == 3


@pytest.mark.parametrize("part", STATEFUL)
def test_what_a_callback_is_kept_in_outlives_its_pod(part):
    (claim,) = STATEFUL[part]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == "data" and claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    mounts = {one["name"]: one["mountPath"] for one in parsed(HELPERS["wrapup.mounts"])[0]}
    assert mounts == {"data": "/var/lib/wrapup", "scratch": "/tmp", "config": "/etc/wrapup"}
    assert "data" not in {one["name"] for one in parsed(HELPERS["wrapup.volumes"])[0]}


def test_receivers_are_two_and_are_asked_whether_they_can_keep_callbacks():
    assert VALUES["web"]["replicas"] >= 2
    (web,) = STATEFUL["web"]["template"]["spec"]["containers"]
    assert web["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert web["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert OBJECTS["disruption.yaml"][0]["spec"]["maxUnavailable"] == 1


def test_the_schema_comes_before_the_pods_and_is_not_touched_on_the_way_back():
    job = OBJECTS["migrate.yaml"][0]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["wrapup", "migrate"]
    config = OBJECTS["config.yaml"][0]["metadata"]["annotations"]
    assert int(config["helm.sh/hook-weight"]) < int(job["metadata"]["annotations"]["helm.sh/hook-weight"])


def test_what_it_sets_is_a_setting_and_no_secret_is_in_it():
    set_here = settings_in("".join(TEMPLATES.values()))
    assert set_here <= settings_in(read("service/settings/config.py"))
    assert not set_here & {"WRAPUP_SECRET_KEY", "WRAPUP_DATABASE_URL"}
    assert "kind: Secret" not in ALL

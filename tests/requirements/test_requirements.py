"""What is installed is what was tested: the lock files, the ranges that they come from, and what the code imports."""

import ast
import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements.update import HEAD, moved, pins

ROOT = Path(__file__).parent.parent.parent
LOCKS = {
    name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in ("build", "run", "fast", "test", "update")
}

# Named in settings or found by others, never imported by name.
NOT_IMPORTED = {"tzdata": "zoneinfo reads it where the system has none"}
NOT_IMPORTED_BY_TESTS = {
    "import-linter": "a command",
    "mypy": "a command",
    "pytest-xdist": "pytest's -n",
    "ruff": "a command",
}


def ranges(section: str, option: str) -> list[Requirement]:
    parsed = ConfigParser()
    parsed.read(ROOT / "setup.cfg")
    lines = parsed[section][option].splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


RUN = ranges("options", "install_requires")
EXTRAS = {name: ranges("options.extras_require", name) for name in ("fast", "test", "update")}


def imported(*rooms: str) -> set[str]:
    """The distributions that the files of these rooms import, canonical names."""
    found = set()
    for room in rooms:
        path = ROOT / room
        for file in [path] if path.is_file() else path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    found.add(node.module.split(".")[0])
    ours = {path.name.removesuffix(".py") for path in ROOT.iterdir()}
    known = packages_distributions()
    # A module that is installed nowhere here (a parser in C that could not be compiled) counts under its own name.
    return {canonicalize_name(known.get(name, [name])[0]) for name in found - ours - sys.stdlib_module_names}


PRODUCT = [
    room
    for room in (ROOT / "setup.cfg").read_text().split("packages =")[1].split("py_modules")[0].split()
    if "." not in room
]


def test_what_the_product_imports_is_declared_and_what_it_does_not_is_not():
    declared = {canonicalize_name(one.name) for one in RUN}
    wanted = imported(*PRODUCT, "wsgi.py")
    assert wanted == declared - set(NOT_IMPORTED)


def test_what_tests_and_benchmark_import_is_declared():
    declared = {canonicalize_name(one.name) for one in RUN + EXTRAS["test"]}
    assert imported("tests", "bench", "rig", "requirements") - declared == set()
    own = {canonicalize_name(one.name) for one in EXTRAS["test"]}
    assert own - imported("tests", "bench", "rig") == set(NOT_IMPORTED_BY_TESTS)


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [("run", RUN), ("fast", EXTRAS["fast"]), ("test", RUN + EXTRAS["test"]), ("update", EXTRAS["update"])],
)
def test_a_lock_has_a_version_in_range_for_every_requirement(lock, wanted):
    """For each Python that is supported: a pin with a marker stands for its part of them."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ; (.+?))? \\$", LOCKS[lock], re.MULTILINE)
    for python in ("3.11", "3.12", "3.13"):
        here = {
            "python_version": python,
            "python_full_version": f"{python}.1",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
        }
        pinned = {name: version for name, version, marker in lines if not marker or Marker(marker).evaluate(here)}
        for one in wanted:
            if one.marker is None or one.marker.evaluate(here):
                assert one.specifier.contains(pinned[canonicalize_name(one.name)]), (python, str(one))


def test_what_runs_is_what_is_tested():
    run, test = pins(LOCKS["run"]), pins(LOCKS["test"])
    assert {name: test.get(name) for name in run} == run


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_hashes_and_no_host(lock):
    text = LOCKS[lock]
    assert text.startswith(HEAD)
    assert "://" not in text
    entries = re.split(r"\n(?=[a-z])", text.removeprefix(HEAD))
    assert entries
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def test_what_moved_is_said_a_line_for_each_package():
    before = {"flask": "3.1.3", "stamina": "26.1.0", "click": "8.5.1"}
    after = {"flask": "3.1.4", "click": "8.5.1", "urllib3": "2.8.0"}
    assert moved(before, after) == ["flask 3.1.3 -> 3.1.4", "stamina 26.1.0 is gone", "urllib3 2.8.0 is new"]

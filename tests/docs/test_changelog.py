"""The changelog's topmost release is the one that setup.cfg builds."""

import re
from configparser import ConfigParser

from tests.docs.pages import ROOT, read

RELEASE = re.compile(r"^## (\d+)\.(\d+)\.(\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", re.MULTILINE)
HEADING = re.compile(r"^## .*$", re.MULTILINE)


def test_every_release_has_a_number_and_a_day_the_newest_first():
    found = RELEASE.findall(read("CHANGELOG.md"))
    assert len(found) == len(HEADING.findall(read("CHANGELOG.md"))) >= 2
    numbers = [tuple(map(int, release[:3])) for release in found]
    assert numbers == sorted(set(numbers), reverse=True)
    assert all(release[3] != "unreleased" for release in found[1:])


def test_the_package_has_the_version_of_the_topmost():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    *number, day = RELEASE.findall(read("CHANGELOG.md"))[0]
    assert setup["metadata"]["version"] == ".".join(number) + (".dev0" if day == "unreleased" else "")

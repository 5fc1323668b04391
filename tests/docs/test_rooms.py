"""A room of the house stands in every list that has the rooms: what checks types, what checks imports, the picture, the net."""

import re
from configparser import ConfigParser

import pytest

from tests.docs.pages import ROOT, quoted, read, rows, section

SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg")
PACKAGES = set(SETUP["options"]["packages"].split())
OUTSIDE = {"tests", "bench", "rig", "requirements", "build"}  # of the wheel
ROOMS = {name.split(".")[0] for name in PACKAGES} - {"docs"}
LAYERS = set(re.findall(r"\w+", SETUP["importlinter:contract:house"]["layers"]))
APART = {"migrations", "sandbox"}  # nothing imports them but what starts them


def test_every_folder_with_code_is_a_package():
    folders = [file.parent.relative_to(ROOT) for file in ROOT.glob("*/**/__init__.py")]
    inside = {".".join(one.parts) for one in folders if one.parts[0] not in OUTSIDE and one.parts[0][0] != "."}
    assert inside == {name for name in PACKAGES if name.split(".")[0] != "docs"}


def test_types_are_checked_in_every_room():
    assert set(SETUP["mypy"]["packages"].replace(",", " ").split()) == ROOMS


def test_every_room_has_its_row_in_the_house():
    assert LAYERS == ROOMS - APART
    assert set(SETUP["importlinter"]["root_packages"].split()) == LAYERS | {"sandbox"}
    assert set(SETUP["importlinter:contract:outside"]["source_modules"].split()) == LAYERS


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_room_is_told_of_and_tested(room):
    told = {
        name.rstrip("/")
        for cells in rows(section(read("docs/architecture.md"), "## Folders"))
        for name in quoted(cells[0])
    }
    assert room in told
    assert (ROOT / "tests" / room).is_dir() or room == "migrations"


def test_the_picture_has_the_same_rows():
    drawn = read("docs/architecture.md").split("Who may import whom")[1].split("\n\n")[1]
    names = [set(re.findall(r"\w+", re.split(r"\s{2,}", line.strip())[0])) for line in drawn.splitlines()]
    held = [
        set(re.findall(r"\w+", line)) for line in SETUP["importlinter:contract:house"]["layers"].split("\n") if line
    ]
    assert [row for row in names if row and row <= LAYERS] == held

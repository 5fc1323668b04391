"""What the pages name is there: other pages, their sections, files of the repository."""

import importlib
import re
import subprocess

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, named, quoted, read, rows, section

EVERY = [*PAGES, ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("page", EVERY, ids=named)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in links(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or ROOT not in target.parents:
            broken.append(link)
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            broken.append(link)
    assert broken == []


# What is no file of the repository, but made by a running Wrapup, by make, or lies in somebody else's folder.
MADE = re.compile(r"instance|secrets|spool/|wrapup\.toml$|\.venv|/|~|<")
ROOMS = "|".join(sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"))
PATH = re.compile(rf"(?:{ROOMS})/[\w.<>*/-]*|[\w.<>*/-]+\.(?:py|md|cfg|toml|conf|ini|mako|example)")


def repository() -> set[str]:
    """Its files and folders."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = {name for name in files if name and (ROOT / name).exists()}
    return found | {name.rpartition("/")[0] for name in found if "/" in name} | {name.split("/")[0] for name in found}


def missing(text: str) -> list[str]:
    """Of the paths that stand in backticks, those of which there is no such file or folder, ``<name>`` being any."""
    there = repository()
    unfound = []
    for said in quoted(text):
        path = said.partition(" ")[0].rstrip("/")
        if not PATH.fullmatch(said.partition(" ")[0]) or MADE.match(path):
            continue
        shape = re.compile(r"(?:.*/)?" + re.sub(r"\\\*|<[\w-]+>", "[^/]+", re.escape(path)))
        if not any(shape.fullmatch(one) for one in there):
            unfound.append(said)
    return unfound


def unknown(text: str) -> list[str]:
    """Of the modules and what is in them (``callbacks.Receiver``), those that are not there."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    return [
        said
        for said in quoted(text)
        if re.fullmatch(r"[a-z_]+(\.\w+)+", said)
        and said.split(".")[0] in rooms
        and not PATH.fullmatch(said)
        and not _importable(said)
    ]


def _importable(name: str) -> bool:
    module, _, inner = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return bool(module) and hasattr(importlib.import_module(module), inner)
    return True


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_and_module_that_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    assert missing(text) == []
    assert unknown(text) == []


def test_the_architecture_names_every_folder():
    named_there = {cells[0].strip("`/") for cells in rows(section(read("docs/architecture.md"), "## Folders"))}
    folders = {name.partition("/")[0] for name in repository() if "/" in name and not name.startswith(".")}
    assert named_there == folders

"""Every ``make ...`` that a page shows is there, and every target stands on a page."""

import re

from tests.docs.pages import PAGES, read

SHOWN = re.compile(r"(?:`|^ {4}|^)make ([a-z-]+)(?=[`\s])", re.MULTILINE)


def test_every_target_is_shown_and_no_other():
    (phony,) = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    shown = {name for page in PAGES for name in SHOWN.findall(page.read_text(encoding="utf-8"))}
    assert set(phony.split()) == shown


def test_quick_tries_the_rooms_that_it_is_said_to_try():
    (rooms,) = re.findall(r"^QUICK = (.*)$", read("Makefile"), re.MULTILINE)
    (said,) = re.findall(r"`make quick`, while you write, tries (.*?) on\s", read("CONTRIBUTING.md"), re.DOTALL)
    assert re.findall(r"`(\w+)`", said) == [room.removeprefix("tests/") for room in rooms.split()]

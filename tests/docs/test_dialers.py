"""What ADDING_A_DIALER.md asks for of pages, examples and the demo is there for every dialer."""

import re
from configparser import ConfigParser

import pytest

from dialers.registry import DIALERS
from service.demo import settings as demo_settings
from tests.docs.pages import ROOT, quoted, read, rows, section

every_dialer = pytest.mark.parametrize("dialer", DIALERS)


@every_dialer
def test_it_has_its_page_and_its_column_in_the_readme(dialer):
    assert (ROOT / "docs" / "dialers" / f"{dialer}.md").is_file()
    assert f"(docs/dialers/{dialer}.md)" in section(read("README.md"), "## Connecting dialers")


@every_dialer
def test_it_is_among_those_that_a_connection_may_name(dialer):
    settings = rows(section(read("docs/settings.md"), "### `[connections.<name>]`"))
    assert dialer in next(quoted(cells[2]) for cells in settings if "dialer" in quoted(cells[0]))


@every_dialer
def test_it_has_a_connection_among_the_examples_with_its_secrets_beside_it(dialer):
    example = re.sub(r"^#.*", "", read("deploy/wrapup.toml.example"), flags=re.MULTILINE)
    assert f'dialer = "{dialer}"' in example
    assert set(re.findall(r"\$\{(\w+)\}", example)) <= set(
        re.findall(r"^#?\s*(\w+)=", read("deploy/env.example"), re.M)
    )


@every_dialer
def test_it_is_played_and_demonstrated(dialer):
    assert (ROOT / "sandbox" / dialer / "__main__.py").is_file()
    assert dialer in demo_settings.NAMES
    played = {cells[0].casefold() for cells in rows(read("docs/demo.md"))}
    assert dialer in played


@every_dialer
def test_its_words_are_pure_and_it_knows_no_other_dialer(dialer):
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert f"dialers.{dialer}.words" in setup["importlinter:contract:words"]["source_modules"].split()
    apart = setup["importlinter:contract:dialers-apart"]["modules"].split()
    assert {f"dialers.{dialer}", f"sandbox.{dialer}"} <= set(apart)

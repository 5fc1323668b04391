"""docs/operations.md names each metric, and no other."""

import re

import migrations
from service.app import create_app
from tests.docs.pages import PAGES, quoted, read
from tests.web.conftest import settings_for
from web.context import context

OTHERS = {"wrapup_lead", "wrapup_outcome_id"}  # marks: of a lead in a dialer, of a call in a CRM


def given(tmp_path) -> set[str]:
    """What a scrape gives, samples or not."""
    app = create_app(settings_for(f"sqlite:///{tmp_path}/wrapup.db", tmp_path))
    migrations.upgrade(context(app).database)
    names = set(re.findall(r"^# HELP (\w+) ", app.test_client().get("/metrics").text, re.MULTILINE))
    context(app).database.close()
    return names


def told(text: str) -> set[str]:
    return {name for said in quoted(text) for name in re.findall(r"\bwrapup_[a-z_]+", said)} - OTHERS


def test_every_metric_stands_in_operations_and_no_other_on_any_page(tmp_path):
    names = given(tmp_path)
    assert told(read("docs/operations.md")) == names
    assert {page.name: told(page.read_text(encoding="utf-8")) - names for page in PAGES} == dict.fromkeys(
        (page.name for page in PAGES), set()
    )

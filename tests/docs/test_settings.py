"""docs/settings.md names each option in its section, and no other."""

import json
import re
from dataclasses import asdict

import pytest

from crm.registry import CRMS
from dialers.registry import DIALERS
from queries.reports.base import Limits
from service.settings.alerts import AlertsSchema, ConditionSchema
from service.settings.connections import ConnectionSchema, connections_of
from service.settings.destinations import DestinationSchema
from service.settings.retention import RetentionSchema
from service.settings.schedules import BucketSchema, MailSchema, SchedulesSchema
from service.settings.sign_in import OidcSchema
from tests.docs.pages import quoted, read, rows, section

# A dialer's section begins with a link to its page.
_SECTION = re.compile(r"^### (.+)\n\nSee \[dialers/(\w+)\.md\]", re.MULTILINE)
SECTIONS = {dialer: heading for heading, dialer in _SECTION.findall(read("docs/settings.md"))}
_CRM_SECTION = re.compile(r"^### (.+)\n\nSee \[crms/(\w+)\.md\]", re.MULTILINE)
CRM_SECTIONS = {crm: heading for heading, crm in _CRM_SECTION.findall(read("docs/settings.md"))}


TABLES = sorted(set(re.findall(r"^### `\[(\w+)", read("docs/settings.md"), re.MULTILINE)))


def keys(heading: str) -> set[str]:
    """What the section's table has in its first column."""
    return {key for cells in rows(section(read("docs/settings.md"), heading)) for key in quoted(cells[0])}


def test_every_table_that_the_page_names_is_read_from_a_file(tmp_path):
    assert {"alerts", "retention", "sign_in", "words"} <= set(TABLES)
    connections_of({table: {} for table in TABLES}, tmp_path)  # one that nobody reads is refused


@pytest.mark.parametrize("dialer", DIALERS.values(), ids=lambda dialer: dialer.name)
def test_every_option_of_a_dialer_stands_in_its_section_and_no_other(dialer):
    assert keys(f"### {SECTIONS[dialer.name]}") == set(dialer.settings._declared_fields)


def test_every_option_of_any_connection_stands_in_its_section_and_no_other():
    assert keys("### `[connections.<name>]`") == set(ConnectionSchema._declared_fields)


def test_every_option_of_any_destination_stands_in_its_section_and_no_other():
    assert keys("### `[destinations.<name>]`") == set(DestinationSchema._declared_fields)


@pytest.mark.parametrize(
    ("heading", "schema"),
    [
        ("[mail]", MailSchema),
        ("[schedules]", SchedulesSchema),
        ("[buckets.<name>]", BucketSchema),
        ("[retention]", RetentionSchema),
        ("[sign_in.oidc]", OidcSchema),
    ],
)
def test_every_option_of_schedules_stands_in_its_section_and_no_other(heading, schema):
    taken = {field.data_key or name for name, field in schema._declared_fields.items()}
    assert keys(f"### `{heading}`") == taken


def test_every_option_of_alerts_stands_in_its_section_and_no_other():
    assert keys("### `[alerts]`") == set(AlertsSchema._declared_fields)
    told = section(read("docs/settings.md"), "### `[alerts]`")
    assert all(f"`{name}" in told for name in ConditionSchema._declared_fields)


@pytest.mark.parametrize("crm", CRMS.values(), ids=lambda crm: crm.name)
def test_every_option_of_a_crm_stands_in_its_section_and_no_other(crm):
    assert keys(f"### {CRM_SECTIONS[crm.name]}") == set(crm.settings._declared_fields)


@pytest.mark.parametrize("dialer", DIALERS.values(), ids=lambda dialer: dialer.name)
def test_the_default_of_every_option_is_the_one_that_the_page_says(dialer):
    said = {
        key: cells[1]
        for cells in rows(section(read("docs/settings.md"), f"### {SECTIONS[dialer.name]}"))
        for key in quoted(cells[0])
    }
    for key, field in dialer.settings._declared_fields.items():
        default = field.load_default
        if field.required:
            assert said[key] == "required", key
        elif callable(default) or default is None:
            assert not re.fullmatch(r"`\d+`|`true`|`false`", said[key]), key
        elif isinstance(default, bool):
            assert said[key] == f"`{str(default).lower()}`", key
        else:
            assert said[key] in (f"`{default}`", "the usual ones", "the dialer's own"), key


@pytest.mark.parametrize("dialer", DIALERS.values(), ids=lambda dialer: dialer.name)
def test_the_default_country_is_the_one_that_the_page_says(dialer):
    page = section(read("docs/settings.md"), f"### {SECTIONS[dialer.name]}")
    assert re.findall(r"`default_country` is `(\w+)`", page) == (
        [dialer.default_country] if dialer.default_country else []
    )


def _said(heading: str) -> dict[str, str]:
    """Key -> what the section says of its default."""
    return {key: cells[1] for cells in rows(section(read("docs/settings.md"), heading)) for key in quoted(cells[0])}


def _written(default: object) -> set[str]:
    """A default as a page may write it: ``4`` and ``4.0`` are the same, and so are ``UTC`` with quotation marks and without."""
    if isinstance(default, list | tuple):
        return {json.dumps(list(default))}
    told = str(default).lower() if isinstance(default, bool) else str(default)
    return {told, f'"{told}"', told.removesuffix(".0")}


@pytest.mark.parametrize(
    ("heading", "schema"),
    [
        *((f"### {CRM_SECTIONS[name]}", crm.settings) for name, crm in CRMS.items()),
        *((f"### `[{name}]`", schema) for name, schema in [
            ("alerts", AlertsSchema), ("connections.<name>", ConnectionSchema), ("destinations.<name>", DestinationSchema),
            ("mail", MailSchema), ("schedules", SchedulesSchema), ("buckets.<name>", BucketSchema), ("sign_in.oidc", OidcSchema),
        ]),
    ],
)  # fmt: skip
def test_a_default_that_the_page_writes_is_the_one_of_the_code(heading, schema):
    told = _said(heading)
    for name, field in schema._declared_fields.items():
        key, default = field.data_key or name, field.load_default
        default = default() if callable(default) else default
        written = [one for one in quoted(told[key]) if one not in told]  # else it is that of another one
        if field.required:
            assert told[key] in ("required", "must be set"), key
        elif len(written) == 1:
            assert written[0] in _written(default), key
        elif isinstance(default, bool | int | float):
            assert not written and default in (None, 0, False), key


def test_a_default_of_the_reports_is_the_one_of_the_code():
    limits = asdict(Limits())
    for cells in rows(section(read("docs/settings.md"), "### `[reports]`")):
        assert quoted(cells[1]) == [f"{limits.pop(key):g}" for key in quoted(cells[0])]
    assert limits == {}


def test_the_default_of_a_variable_is_the_one_of_the_code(tmp_path):
    """``deploy/env.example`` has the code's, by a test of its own, but for what belongs to the machine."""
    given = dict(re.findall(r"^(WRAPUP_\w+)=(.*)$", read("deploy/env.example"), re.MULTILINE))
    told = _said("## Environment")
    of_machine = {"WRAPUP_DATA_DIR", "WRAPUP_CONFIG", "WRAPUP_PUBLIC_URL"}
    assert told.keys() == given.keys()
    for name in told.keys() - of_machine:
        assert [one.replace(" ", "") for one in quoted(told[name])] == ([given[name]] if given[name] else []), name

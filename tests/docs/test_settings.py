"""docs/settings.md names each option in its section, and no other."""

import re

import pytest

from crm.registry import CRMS
from dialers.registry import DIALERS
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

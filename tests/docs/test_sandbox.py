"""What the pages of dialers and CRMs say of the sandbox can be typed: options, addresses below ``/sandbox``, faults."""

import re

import pytest

from sandbox.bitrix24 import faults as bitrix24
from sandbox.hubspot import faults as hubspot
from sandbox.pipedrive import faults as pipedrive
from sandbox.salesforce import faults as salesforce
from sandbox.webhook import receiver as webhook
from sandbox.zoho import faults as zoho
from tests.docs.calls import sources
from tests.docs.pages import ROOT, quoted, read, rows

# Statuses of leads are set at dialers, which have sandboxes of their own.
PAGES = sorted(
    str(page.relative_to(ROOT))
    for room in ("dialers", "crms")
    for page in ROOT.glob(f"docs/{room}/*.md")
    if page.stem != "lead_status"
)


def played(name: str) -> str:
    """The source of its sandbox, with what all of them have."""
    shared = (ROOT / "sandbox").glob("*.py")
    return "".join(file.read_text(encoding="utf-8") for file in [*sources(f"sandbox/{name}"), *shared])


def trying(page: str) -> str:
    (part,) = re.findall(r"^## Try(?:ing)? it.*?(?=^## |\Z)", read(page), re.MULTILINE | re.DOTALL)
    return part


@pytest.mark.parametrize("page", PAGES)
def test_every_option_and_address_of_a_sandbox_is_there(page):
    part, (name,) = trying(page), re.findall(r"(\w+)\.md$", page)
    there = played(name)
    assert f"python -m sandbox.{name}" in part
    addresses = {_blank(said) for said in re.findall(r"/sandbox/[\w/<>]+", part)}
    assert addresses
    assert {said for said in addresses if f'"{said}' not in _blank(there)} == set()
    assert {said for said in re.findall(r"--[a-z][a-z-]+", part) if f'"{said}"' not in there} == set()


@pytest.mark.parametrize(
    ("crm", "faults", "silent"),
    [
        # These have their own words for what others answer.
        ("hubspot", hubspot.FAULTS, ["unauthorized", "bad_request", "forbidden", "not_found", "too_many"]),
        ("pipedrive", pipedrive.FAULTS, ["unauthorized", "bad_request", "forbidden", "not_found", "too_many"]),
        ("bitrix24", bitrix24.FAULTS, ["unauthorized", "bad_request", "forbidden", "not_found", "too_many"]),
        ("zoho", zoho.FAULTS, ["unauthorized", "bad_request", "forbidden", "not_found", "too_many"]),
        ("salesforce", salesforce.FAULTS, ["unauthorized", "bad_request", "forbidden", "not_found", "too_many"]),
        ("webhook", webhook.FAULTS, []),
    ],
)
def test_every_fault_of_a_crm_is_told(crm, faults, silent):
    told = [name for names, _ in rows(trying(f"docs/crms/{crm}.md")) for name in quoted(names)]
    assert sorted(told + silent) == sorted(faults)


def _blank(text: str) -> str:
    """Without the names of what stands in an address."""
    return re.sub(r"<(?:int:|path:)?\w+>", "", text)

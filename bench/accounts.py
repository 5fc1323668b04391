"""Accounts of the CRMs of the sandbox, as the bench needs each: with so many records that have a number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from crm.destination import Rule
from sandbox.bitrix24 import account as bitrix24
from sandbox.bitrix24.api import create_app as bitrix24_app
from sandbox.hubspot import account as hubspot
from sandbox.hubspot.api import create_app as hubspot_app
from sandbox.pipedrive import account as pipedrive
from sandbox.pipedrive.api import create_app as pipedrive_app
from sandbox.salesforce import account as salesforce
from sandbox.salesforce.api import create_app as salesforce_app
from sandbox.salesforce.objects import made_id
from sandbox.zoho import account as zoho
from sandbox.zoho.api import create_app as zoho_app

FIRST_RECORD = 5_000_000
MARK = "wrapup_outcome_id"
LEAD = "Lead"

Json = dict[str, Any]


def _numbered(number: int) -> str:
    return str(FIRST_RECORD + number)


@dataclass(frozen=True)
class Account:
    """``options`` of ``python -m sandbox.<kind>``: with nobody in it, its search not late. ``put``: where records are put, and
    the member that holds them. ``app``: the same in this process, with these records. ``calls``: of the ledger: the mark of each
    call and on how many records it stands. ``sets``: the field of a status, with its values attempted and reached. ``urls``:
    settings that name the sandbox."""

    options: Sequence[str]
    put: tuple[str, str]
    record: Callable[[int], Json]
    app: Callable[[list[Json]], Flask]
    calls: Callable[[Json], list[tuple[str, int]]]
    sets: tuple[str, str, str]
    own: Mapping[str, Any]
    unlimited: Mapping[str, Any]
    urls: Sequence[str] = field(default=("api_url",))
    id: Callable[[int], str] = _numbered

    def status(self) -> tuple[Rule, ...]:
        """What outcomes set there."""
        name, attempted, reached = self.sets
        return (
            Rule("connect_outcome", "connected", {name: reached}),
            Rule("connect_outcome", "no_answer", {name: attempted}),
        )


def number_of(number: int) -> str:
    """The telephone number of the record with this number."""
    return f"+9198{number:08d}"


def _hubspot(contacts: list[Json]) -> Flask:
    made = hubspot.Hubspot(lifted=True)
    made.add_property("calls", MARK, unique=True)
    made.add_contacts(contacts)
    return hubspot_app(made)


def _pipedrive(persons: list[Json]) -> Flask:
    made = pipedrive.Pipedrive(lifted=True, search_delay=0)
    for one in persons:
        made.add_person(**one)
    return pipedrive_app(made)


def _bitrix24(leads: list[Json]) -> Flask:
    made = bitrix24.Portal(lifted=True)
    for one in leads:
        made.add(**one)
    return bitrix24_app(made)


def _salesforce(leads: list[Json]) -> Flask:
    made = salesforce.Salesforce(lifted=True, search_delay=0)
    for one in leads:
        made.add(LEAD, **one)
    return salesforce_app(made)


def _sales_id(number: int) -> str:
    return made_id(LEAD, FIRST_RECORD + number)


def _zoho(leads: list[Json]) -> Flask:
    made = zoho.Zoho(lifted=True, search_delay=0)
    made.add_field(zoho.CALLS, MARK, "text", unique=True)
    for one in leads:
        made.add(zoho.LEADS, **one)
    return zoho_app(made)


ACCOUNTS: Mapping[str, Account] = {
    "hubspot": Account(
        options=("--contacts", "0", "--unique-property", MARK),
        put=("contacts", "contacts"),
        record=lambda number: {
            "id": _numbered(number),
            "phone": number_of(number),
            "hs_lead_status": "NEW",
        },
        app=_hubspot,
        calls=lambda ledger: [(one["mark"], len(one["contacts"])) for one in ledger["calls"]],
        sets=("hs_lead_status", "ATTEMPTED_TO_CONTACT", "CONNECTED"),
        own={"access_token": hubspot.TOKEN, "unique_property": MARK},
        unlimited={"requests_per_ten_seconds": 10_000, "searches_per_second": 1_000},
    ),
    "pipedrive": Account(
        options=("--persons", "0", "--search-delay", "0"),
        put=("persons", "persons"),
        record=lambda number: {
            "id": _numbered(number),
            "phone": number_of(number),
            pipedrive.STATUS_FIELD: 1,
        },
        app=_pipedrive,
        calls=lambda ledger: [(one["mark"], len(one["on"])) for one in ledger["calls"]],
        sets=(pipedrive.STATUS_FIELD, "2", "3"),
        own={"api_token": pipedrive.TOKEN, "outcomes": {"unknown": "no_answer"}},
        unlimited={"requests_per_two_seconds": 10_000, "searches_per_two_seconds": 1_000},
        urls=("api_url", "oauth_url"),
    ),
    "bitrix24": Account(
        options=("--leads", "0", "--search-delay", "0"),
        put=("leads", "records"),
        record=lambda number: {"id": _numbered(number), "phone": number_of(number)},
        app=_bitrix24,
        calls=lambda ledger: [(one["mark"], len(one["on"])) for one in ledger["calls"]],
        sets=("stageId", "IN_PROCESS", "PROCESSED"),
        own={"client_id": bitrix24.App.id, "client_secret": bitrix24.App.secret, "refresh_token": bitrix24.REFRESH},
        unlimited={"requests_per_second": 10_000, "calls_per_batch": 16},
        urls=("portal_url", "oauth_url"),
    ),
    "salesforce": Account(
        options=("--people", "0", "--search-delay", "0"),
        put=(LEAD, "records"),
        record=lambda number: {"id": _sales_id(number), "LastName": "Sample", "Phone": number_of(number)},
        app=_salesforce,
        calls=lambda ledger: [(one["mark"], int(one["WhoId"] is not None)) for one in ledger["calls"]],
        sets=("Status", salesforce.STATUSES[1], salesforce.STATUSES[2]),
        own={"client_id": salesforce.CLIENT, "client_secret": salesforce.SECRET, "records": [LEAD]},
        unlimited={"requests_per_second": 1_000},
        id=_sales_id,
    ),
    "zoho": Account(
        options=("--leads", "0", "--search-delay", "0", "--unique-field", MARK),
        put=("Leads", "records"),
        record=lambda number: {
            "id": _numbered(number),
            "Last_Name": "Sample",
            "Phone": number_of(number),
            "Lead_Status": "Not Contacted",
        },
        app=_zoho,
        calls=lambda ledger: [(one["mark"], int(one["on"] is not None)) for one in ledger["calls"]],
        sets=("Lead_Status", "Attempted to Contact", "Contacted"),
        own={
            "client_id": zoho.App.id,
            "client_secret": zoho.App.secret,
            "refresh_token": zoho.App.refresh,
            "unique_field": MARK,
            "records": ["leads"],
        },
        unlimited={"requests_per_second": 1_000},
        urls=("api_url", "accounts_url"),
    ),
}

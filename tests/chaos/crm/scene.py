"""Who is called, and in which words: contacts of an account, and what a call of one of them says.

A contact's calls have slots, a minute each. What a call says names its slot and how often it was corrected, and the account's
property ``last_call`` is set to just that, so that whatever was written to a contact tells which call it came from.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from sandbox.hubspot.account import Hubspot
from sandbox.hubspot.properties import LEAD_STATUSES
from sandbox.webhook.receiver import SECRET
from tests.factories import NOON

MARK, LAST_CALL = "wrapup_outcome_id", "last_call"
SLOTS = 40  # of a contact
TWIN = "t"  # in the place of a number of corrections: of a row that turns out to be the same call as another one
VERSIONS = ("0", "1", "2", TWIN)
TOKEN = "demo"
# What the account asks of calls that have failed, and never gets: such are refused.
RULE = {"object": "calls", "when": {"hs_call_status": "FAILED"}, "need": ["hs_call_recording_url"]}
UNKNOWN_NUMBER, SHARED_NUMBER = "+919899999999", "+919888888888"


@dataclass(frozen=True)
class Person:
    """A contact that alone has its number."""

    id: str
    number: str


def people(count: int) -> list[Person]:
    return [Person(str(10_001 + at), f"+9198100{at:05d}") for at in range(count)]


def furnish(hubspot: Hubspot, contacts: list[Person], source: random.Random) -> None:
    """Each number written in one way or another, and two contacts that share one."""
    hubspot.add_property("calls", MARK, unique=True)
    hubspot.add_property("contacts", LAST_CALL)
    hubspot.required.append(RULE)
    for one in contacts:
        national = one.number.removeprefix("+91")
        written = source.choice([one.number, f"+91 {national[:5]} {national[5:]}", f"0{national}", national])
        hubspot.add_contact(one.id, firstname="Asha", phone=written, hs_lead_status="NEW")
    for id_ in ("9001", "9002"):
        hubspot.add_contact(id_, firstname="Twin", phone=SHARED_NUMBER, hs_lead_status="NEW")


def said(slot: int, version: str) -> str:
    """The disposition of a call."""
    return f"Call {slot}, {version} times corrected"


def of(disposition: str) -> tuple[int, str]:
    """(slot, version) of it."""
    slot, version = disposition.removeprefix("Call ").removesuffix(" times corrected").split(", ")
    return int(slot), version


def last_call(disposition: str) -> str:
    """What the contact is to say, where this call is its latest."""
    slot, version = of(disposition)
    return f"{slot}-{version}"


def lead_status(disposition: str) -> str:
    slot, version = of(disposition)
    return LEAD_STATUSES[(slot + VERSIONS.index(version)) % len(LEAD_STATUSES)]


def begins(slot: int):
    return NOON + timedelta(minutes=slot)


def slot_at(occurred_at) -> int:
    return int((occurred_at - NOON).total_seconds()) // 60


def settings(hubspot_url: str, hook_url: str, quick: bool) -> str:
    """The settings file. ``quick``: without limits of our own."""
    lines = ["[connections.ryng-main]", 'dialer = "ryng"', 'callback_tokens = ["token-of-the-chaos-0123456789"]', ""]
    lines += ["[destinations.crm]", 'kind = "hubspot"', f'access_token = "{TOKEN}"', f'api_url = "{hubspot_url}"']
    lines += ["timeout_seconds = 2", 'since = "2026-11-01"']
    lines += ["requests_per_ten_seconds = 10000", "searches_per_second = 1000"] if quick else []
    lines += ["[destinations.crm.status]"]
    lines += [
        f'"disposition:{words}" = {{ hs_lead_status = "{lead_status(words)}", {LAST_CALL} = "{last_call(words)}" }}'
        for words in (said(slot, version) for slot in range(SLOTS) for version in VERSIONS)
    ]
    lines += ["", "[destinations.hook]", 'kind = "webhook"', f'url = "{hook_url}"', f'secrets = ["{SECRET}"]']
    lines += ["timeout_seconds = 2", 'since = "2026-11-01"', "allow_private_addresses = true"]
    return "\n".join([*lines, "requests_per_second = 1000", ""])

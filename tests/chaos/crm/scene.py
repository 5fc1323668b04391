"""Who is called, and in which words: contacts of an account, and what a call of one of them says.

A contact's calls have slots, a minute each. What a call says names its slot and how often it was corrected, and the account's
property ``last_call`` is set to just that, so that whatever was written to a contact tells which call it came from.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sandbox.hubspot.properties import LEAD_STATUSES
from sandbox.webhook.receiver import SECRET
from tests.factories import NOON

MARK, LAST_CALL = "wrapup_outcome_id", "last_call"
SLOTS = 40  # of a contact
TWIN = "t"  # in the place of a number of corrections: of a row that turns out to be the same call as another one
VERSIONS = ("0", "1", "2", TWIN)
TOKEN = "demo"
LONG = 3.0  # seconds; the settings wait two
UNKNOWN_NUMBER, SHARED_NUMBER = "+919899999999", "+919888888888"


@dataclass(frozen=True)
class Person:
    """A contact that alone has its number."""

    id: str
    number: str


def people(count: int, ids: str = "{}") -> list[Person]:
    """``ids``: how the CRM writes the number of a record."""
    return [Person(ids.format(10_001 + at), f"+9198100{at:05d}") for at in range(count)]


def numbers(contacts: list[Person], source: random.Random) -> Iterator[tuple[str, str, str]]:
    """(id, number, name) of each that the account has: each number written in one way or another, and two that share one."""
    for one in contacts:
        national = one.number.removeprefix("+91")
        written = source.choice([one.number, f"+91 {national[:5]} {national[5:]}", f"0{national}", national])
        yield one.id, written, "Asha"
    for id_ in ("9001", "9002"):
        yield id_, SHARED_NUMBER, "Twin"


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


def settings(crm: list[str], sets: Callable[[str], Mapping[str, str]], hook_url: str) -> str:
    """The settings file. ``crm``: the lines of its kind alone; ``sets``: what a disposition is mapped to."""
    lines = ["[connections.ryng-main]", 'dialer = "ryng"', 'callback_tokens = ["token-of-the-chaos-0123456789"]', ""]
    lines += ["[destinations.crm]", *crm, "timeout_seconds = 2", 'since = "2026-11-01"', "[destinations.crm.status]"]
    for words in (said(slot, version) for slot in range(SLOTS) for version in VERSIONS):
        fields = ", ".join(f'{name} = "{value}"' for name, value in sets(words).items())
        lines.append(f'"disposition:{words}" = {{ {fields} }}')
    lines += ["", "[destinations.hook]", 'kind = "webhook"', f'url = "{hook_url}"', f'secrets = ["{SECRET}"]']
    lines += ["timeout_seconds = 2", 'since = "2026-11-01"', "allow_private_addresses = true"]
    return "\n".join([*lines, "requests_per_second = 1000", ""])

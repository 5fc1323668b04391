"""Whom a call belongs to: one record, or a person has to say which. Never all that share a number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers

from crm.base import AnyClient, Record, Records, Whom
from crm.destination import NUMBER, REFERENCE, Destination
from crm.taken import Taken
from lib import phone
from models.deliveries import NOBODY, OWN, SEVERAL

MOST_CANDIDATES = 20  # as many as a person can look through; where more share a number, any id can be typed in


@dataclass(frozen=True)
class Found:
    """The record of a call; None, and ``reason`` says why, with the ``candidates`` that a person can choose from."""

    record_id: str | None
    reason: str | None = None
    candidates: tuple[Record, ...] = ()


def found(records: Records, client: AnyClient, destination: Destination, calls: Sequence[Taken]) -> list[Found]:
    """Whom each of the calls belongs to. Raises ExchangeError."""
    open_ones = [at for at, call in enumerate(calls) if call.record_id is None]
    answers: dict[int, Found] = {at: Found(call.record_id) for at, call in enumerate(calls) if call.record_id}
    for by in destination.find_by:
        wanted = {at: whom for at in open_ones if (whom := _whom(by, destination, calls[at])) is not None}
        seen = _asked(records, client, wanted.values())
        for at, whom in wanted.items():
            answer = _answer(seen[whom], whom)
            if answer.record_id is not None or answer.candidates:
                answers[at] = answer
        open_ones = [at for at in open_ones if at not in answers]
    return [answers.get(at) or Found(None, _why(destination, call)) for at, call in enumerate(calls)]


def _asked(records: Records, client: AnyClient, wanted: Iterable[Whom]) -> Mapping[Whom, Sequence[Record]]:
    different = list(dict.fromkeys(wanted))
    return dict(zip(different, records.find(client, different), strict=True)) if different else {}


def _answer(some: Sequence[Record], whom: Whom) -> Found:
    fitting = {one.id: one for one in some if whom.by == REFERENCE or _has(one, whom.value)}
    if len(fitting) > 1:
        return Found(None, SEVERAL, tuple(fitting.values())[:MOST_CANDIDATES])
    return Found(next(iter(fitting), None))


def _whom(by: str, destination: Destination, call: Taken) -> Whom | None:
    if by == REFERENCE:
        reference = call.outcome["crm_reference"]
        return Whom(by, reference) if reference else None
    number = call.outcome["customer_number"]
    return Whom(by, number) if number and not _is_own(destination, call, number) else None


def _is_own(destination: Destination, call: Taken, number: str) -> bool:
    return number in destination.own_numbers or number == call.outcome["caller_number"]


def _why(destination: Destination, call: Taken) -> str:
    number = call.outcome["customer_number"]
    return OWN if NUMBER in destination.find_by and number and _is_own(destination, call, number) else NOBODY


def _has(record: Record, number: str) -> bool:
    """Whether one of the record's numbers is this one, in whatever way it was typed in. A search only looks alike."""
    country = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return any(number in _readings(written, country) for written in record.numbers)


def _readings(written: str, country: str | None) -> tuple[str | None, ...]:
    return phone.e164(written, country), phone.e164(written, country, signless=True)

"""A CRM of the sandbox as the cases of all kinds see it (``test_every_kind``). A kind gives one in its ``stage.py``, as
``played()``."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from crm.destination import Destination

KINDS = ("hubspot", "pipedrive", "bitrix24", "zoho", "salesforce")


@dataclass(frozen=True)
class Words:
    """How a kind calls things. ``write``, ``search``, ``change``: parts of the addresses at which a call is given, records are
    searched by number, and a record is changed. ``field``: one of a record, with the ``values`` new, attempted and reached, and
    one ``lacking`` among its options. ``bad_call``: an account's rule that refuses the calls that nobody answered, with the
    reason that is kept. The rest are faults: ``limit`` has a value of seconds."""

    write: str
    search: str
    change: str
    field: str
    values: tuple[str, str, str]
    lacking: str
    revoked: str
    limit: str
    day: str
    partial: Mapping[str, Any]
    lost: tuple[str, ...]
    nothing: tuple[str, ...]
    bad_call: str
    app: Mapping[str, str] = field(default_factory=dict)


class Played(Protocol):
    """One account, without limits, whose search is not late."""

    words: Words

    def destination(self, name: str = "sales", **given: Any) -> Destination: ...

    def faults(self, wanted: Mapping[str, Any]) -> None: ...

    def add(self, number: str, late: bool = False) -> str:
        """A record with the number, new; its id. ``late``: the search does not see it for ten seconds, or until ``seen``."""
        ...

    def seen(self) -> None: ...

    def refuse_unanswered(self) -> None: ...

    def stands(self) -> list[tuple[str, str]]:
        """(mark, the record on which it stands) of every call that is there."""
        ...

    def said(self, mark: str) -> str:
        """What people read of the call."""
        ...

    def value(self, record: str) -> str: ...

    def move(self, record: str, value: str) -> None:
        """As a person of the account would."""
        ...

    def asked(self) -> int: ...

    def struck(self) -> int:
        """How many requests had a fault."""
        ...

    def made(self) -> int:
        """How many calls were ever made."""
        ...


def played(kind: str) -> AbstractContextManager[Played]:
    found: AbstractContextManager[Played] = import_module(f"tests.crm.{kind}.stage").played()
    return found

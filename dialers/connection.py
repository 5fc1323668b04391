"""One configured account at a dialer, and what its tenant says of the dialer's words."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from dialers.vocabulary import CONNECT_OUTCOMES
from lib import text as texts
from lib.zones import Locale

# What ``Dialer.client`` opened. Whoever hands it to the dialer's own functions looks into none.
AnyClient: TypeAlias = Any


@dataclass(frozen=True)
class Connection:
    """One configured account at one dialer. ``settings`` are the dialer's own, already checked by its schema."""

    name: str
    dialer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    callback_tokens: tuple[str, ...] = ()
    callback_authorization: tuple[str, ...] = ()  # values of the header, any of which a callback must have; none: any
    default_country: str | None = None
    dispositions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the tenant's word -> flags
    disposition_window: timedelta = timedelta(hours=24)
    expect_every: timedelta | None = None  # a callback comes at least so often; None: learned
    # The tenant's meaning of the dialer's words -> connect outcome, or a kind of event, or ``vocabulary.DISMISSED``.
    words: Mapping[str, str] = field(default_factory=dict)
    states_dispositions: bool | None = None  # whether it tells dispositions; None: as its dialer does

    def says(self, word: str | None) -> str | None:
        """What the tenant's own table says of a dialer's word, whatever that is; None where it does not have it. Compared
        without case; a blank, ``+``, ``_`` and ``-`` are the same."""
        return self._meanings.get(plain(word)) if word and self.words else None

    @cached_property
    def _meanings(self) -> dict[str, str]:
        # The first of equals counts.
        return {plain(word): meaning for word, meaning in reversed(list(self.words.items()))}

    @cached_property
    def locale(self) -> Locale:
        """Where the dialer's times are written down, as far as the connection says it."""
        zone = self.settings.get("timezone")
        return Locale(ZoneInfo(zone) if zone else None, self.default_country, self.settings.get("day_first"))

    def meaning(self, word: str | None, table: Mapping[str, str]) -> str | None:
        """The connect outcome that a dialer's word stands for: by the tenant's own table, else by the dialer's; None where
        neither has it. Compared as ``says`` compares."""
        if not word:
            return None
        own = self.says(word)
        return own if own in CONNECT_OUTCOMES else _of(table, plain(word))

    def flags(self, disposition: str | None) -> list[str]:
        """The flags that this tenant gives the disposition; compared without case, and with single blanks. Sorted."""
        if not disposition or not self.dispositions:
            return []
        return list(self._flags.get(plain_disposition(disposition), ()))

    def decides(self, disposition: str, parent: str | None = None) -> bool:
        """Whether the tenant's table has the disposition or its parent, with flags or without any: then somebody has decided
        what it means. Compared as ``flags`` compares."""
        return any(plain_disposition(word) in self._flags for word in (disposition, parent) if word)

    @cached_property
    def _flags(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for word, flags in self.dispositions.items():
            found.setdefault(plain_disposition(word), set()).update(flags)
        return {word: sorted(flags) for word, flags in found.items()}


def _of(table: Mapping[str, str], wanted: str) -> str | None:
    return next((meaning for name, meaning in table.items() if plain(name) == wanted), None)


# Words come again and again, and are short. A long one is worked out each time: five thousand of a MiB would fill the memory.
LONGEST_REMEMBERED = 500


def plain(word: str) -> str:
    """A dialer's word as it is compared: two words that are equal in this are one word."""
    return _plain(word) if len(word) <= LONGEST_REMEMBERED else _plain.__wrapped__(word)


@lru_cache(maxsize=5_000)
def _plain(word: str) -> str:
    return re.sub(r"[\s+_-]+", " ", unicodedata.normalize("NFC", texts.seen(word))).strip().casefold()


def plain_disposition(word: str) -> str:
    """A disposition as it is compared: two that are equal in this are one."""
    return _plain_disposition(word) if len(word) <= LONGEST_REMEMBERED else _plain_disposition.__wrapped__(word)


@lru_cache(maxsize=5_000)
def _plain_disposition(word: str) -> str:
    return " ".join(unicodedata.normalize("NFC", texts.seen(word)).split()).casefold()

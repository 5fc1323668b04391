"""How often processes ended that nobody had told to, on this machine: whoever starts them anew counts, and figures tell."""

from contextlib import closing
from pathlib import Path

from lib.shared_counts import SharedCounts

RECEIVERS, READER, WORKER = "receivers", "reader", "worker"
MIRROR, NORMALIZER = "mirror", "normalizer"  # which the worker starts
KINDS = (RECEIVERS, READER, WORKER, MIRROR, NORMALIZER)  # new ones go to the end: the file knows their places


def note(data_dir: Path, kind: str) -> None:
    """One more has ended; of another kind nothing is noted."""
    with closing(_tally(data_dir)) as counts:
        counts.add(kind)


def counts(data_dir: Path) -> dict[str, int]:
    """By kind. Raises OSError where the file cannot be had."""
    with closing(_tally(data_dir)) as found:
        return found.counts()


def _tally(data_dir: Path) -> SharedCounts:
    return SharedCounts(data_dir / "ended", KINDS)

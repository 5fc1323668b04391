"""A long run whose end is not as its beginning is told apart from one that stays as it is."""

from dataclasses import replace

import pytest

from bench.minutes import OF, WARM, Minute, rows, write

MINUTE = Minute(
    number=1,
    answered=11_000,
    errors=0,
    p99_ms=12.0,
    question="/metrics",
    slowest_question=0.4,
    connections=20,
    pending=0,
    memory={"worker": 90.0},
    descriptors={"worker": 30.0},
    processor={"worker": 9.0},
)
LENGTH = WARM + 3 * OF


def _missed(minutes: list[Minute]) -> list[str]:
    return [row.figure.split(".")[0] for row in rows(minutes) if row.reached is False]


def test_what_is_needed_at_first_and_stays_is_no_growth():
    cold = [replace(MINUTE, memory={"worker": 60.0}, p99_ms=5.0) for _ in range(WARM)]
    assert not _missed(cold + [MINUTE] * (LENGTH - WARM))


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"memory": {"worker": 100.0}}, "27a"),
        ({"descriptors": {"worker": 34.0}}, "27b"),
        ({"connections": 23}, "27c"),
        ({"p99_ms": 15.0}, "27d"),
        ({"errors": 1}, "27"),
        ({"begun": 1}, "27f"),
    ],
)
def test_each_kind_of_growth_is_seen(changed, missed):
    last = [replace(MINUTE, **changed)] * OF
    assert _missed([MINUTE] * (LENGTH - OF) + last) == [missed]


def test_a_process_that_begins_later_is_held_against_its_own_beginning():
    def mirror(*sizes: float) -> list[Minute]:
        return [replace(MINUTE, memory={"worker": 90.0, "mirror": size}) for size in sizes]

    late = mirror(*[0.0] * WARM, *[50.0] * WARM, *[80.0] * 2 * OF)
    assert not _missed(late)
    assert _missed(late + mirror(*[90.0] * OF)) == ["27a"]
    assert not _missed(mirror(*[0.0] * LENGTH))  # it never began
    assert not _missed(mirror(*[0.0] * LENGTH, *[50.0] * WARM, 90.0))  # too late for a judgement


def test_a_run_that_is_too_short_to_compare_says_of_nothing_that_it_has_not_grown():
    short, long = list(rows([MINUTE] * (WARM + 2 * OF - 1))), list(rows([MINUTE] * (WARM + 2 * OF)))
    assert [(row.ratio, row.reached) for row in short[2:]] == [("", None)] * (len(long) - 2)
    assert all(row.ratio for row in long[2:])


def test_each_minute_is_in_the_file_before_the_next_one(tmp_path):
    file = tmp_path / "minutes.csv"
    for count, _ in enumerate(write(file, [MINUTE, replace(MINUTE, number=2)]), 1):
        assert len(file.read_text().splitlines()) == 1 + count
    assert file.read_text().splitlines()[-1].startswith("2,11000,0,12.0,")

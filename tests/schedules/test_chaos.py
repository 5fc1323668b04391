"""Two workers, one of which is killed again and again, while clocks are changed twice. At length: ``tests.schedules.chaos``."""

from tests.schedules.chaos import run

AT, SUNDAYS = ["02:30", "12:00"], (7,)  # half past two is shown twice in February, and left out in March
MOMENTS = 7 * len(AT)


def test_none_twice_none_forgotten_each_in_doubt_shown(database_url, tmp_path):
    found = run(database_url, tmp_path, AT, MOMENTS, weekdays=SUNDAYS)
    assert found["kills"] >= 3 and found["sent"] >= MOMENTS / 3
    assert found["sent"] + found["unknown"] + found["missed"] + found["failed"] == MOMENTS

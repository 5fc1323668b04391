"""Numbers that no table can add up are no durations."""

import pytest

from dialers import fields


@pytest.mark.parametrize(
    "written, read",
    [
        (0, 0),
        ("42.9", 42),
        (10**8, 10**8),
        (10**8 + 1, None),
        ("9000000000000000000", None),
        (-1, None),
        ("", None),
    ],
)
def test_a_duration_is_less_than_some_years(written, read):
    assert fields.seconds(written) == read

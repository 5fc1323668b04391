"""Zones: whose clocks somebody with a telephone number sees."""

from datetime import UTC, datetime

import pytest

from lib import phone_plans, zones

SPAN = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
CLOCKS = {
    "one zone": ("919812345678", "Asia/Kolkata"),
    "with summer time; the Crimea's telephones are Russian": ("380935550001", "Europe/Kyiv"),
    "two zones, one clock": ("4915112345678", "Europe/Berlin"),
    "four countries, one clock": ("447700900123", "Europe/London"),
    "islands with clocks of their own": ("34600000000", None),
    "one code for many countries": ("14155550100", None),
    "two countries, many clocks": ("77012345678", None),
    "official and local time": ("8613800000000", None),
    "of no country": ("88212345678", None),
    "no code at all": ("0", None),
}


@pytest.mark.parametrize("digits, zone", CLOCKS.values(), ids=CLOCKS)
def test_the_clock_of_whoever_has_a_number(digits, zone):
    expected = zones.changes(zone, *SPAN) if zone else None
    assert zones.shared(phone_plans.countries(digits), *SPAN) == expected

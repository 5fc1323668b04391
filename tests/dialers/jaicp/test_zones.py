"""Time zones of leads, as JAICP documents them."""

import pytest

from dialers.jaicp.leads import LEADS
from dialers.jaicp.zones import gmt_zone
from tests.dialers.jaicp.account import lead
from tests.dialers.jaicp.checked import JAICP, item, refused

DOCUMENTED = [
    "Z",
    "+3",
    "+03",
    "+0300",
    "-0500",
    "+03:00",
    "-05:30",
    "+053045",
    "-053045",
    "+05:30:45",
    "-05:30:45",
    "+0",
    "+14:00",
    "-12:00",
    *(
        f"{prefix}{offset}"
        for prefix in ("UTC", "GMT", "UT")
        for offset in ("+3", "+03", "+0300", "-05:00", "+05:30:45")
    ),
    "Europe/Prague",
    "America/Argentina/Buenos_Aires",
    "Asia/Kathmandu",
    "UTC",
    "EST5EDT",
]


@pytest.mark.parametrize("zone", DOCUMENTED)
def test_every_documented_time_zone_is_sent_as_it_was_given(zone):
    LEADS.check(JAICP, "renewals", lead(timezone=zone), {})
    assert item(lead(timezone=zone))["gmtZone"] == zone


@pytest.mark.parametrize(("zone", "sent"), [("-5", "-05:00"), ("-05", "-05:00"), ("GMT-5", "GMT-05:00")])
def test_hours_behind_utc_are_sent_in_the_form_that_is_documented_for_them(zone, sent):
    assert gmt_zone(zone) == sent


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Prag",
        "europe/prague",
        "../etc/passwd",
        "/etc/localtime",
        "Mars/Olympus",
        "CEST",
        "z",
        "ZZ",
        "UTCZ",
        "UT",
        "3",
        "0300",
        "+3:00",
        "+030",
        "+03:0",
        "+03:00:0",
        "+03:0045",
        "+0300:45",
        "+03:60",
        "+03:00:60",
        "+14:01",
        "-12:01",
        "+99",
        "++3",
        "+٣",
        "UTC +3",
        " +3",
        "+3\n",
        "utc+3",
        "PST+3",
        "+03:00 ",
        "Europe/Prague\x00",
        "Factory",
        "localtime",
        "posixrules",
        "posix/Europe/Prague",
        "right/Europe/Prague",
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused(zone):
    assert refused(lead(timezone=zone)) == "timezone"


def test_the_sandbox_takes_every_documented_time_zone(dialer):
    sent = dialer.send(*(lead(at, timezone=zone) for at, zone in enumerate(DOCUMENTED)))
    assert len(sent.verdicts) == len(DOCUMENTED)
    assert [job["gmtZone"] for job in dialer.jaicp.taken()] == DOCUMENTED

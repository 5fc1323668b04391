"""Telephone numbers: what is none, and what is said of one that is doubtful."""

import pytest

from lib import phone, phone_reading
from lib import phone_writing as writing

NONE = [
    (None, "IN"),
    ("", "IN"),
    (True, "IN"),
    ({}, "IN"),
    ("anonymous", "IN"),
    ("unknown", "IN"),
    ("1008", "IN"),
    ("1008@pbx", "IN"),
    ("123456", "IN"),  # an extension
    ("+", "IN"),
    ("++91", "IN"),
    ("12345678x", "IN"),
    ("9" * 40, "IN"),
    ("9" * 15_000, "IN"),
    ("Ⅻ9812345678", "IN"),
    # Only within a town
    ("5550001", "UA"),
    ("1234567", "IN"),
    ("+12131204", None),  # a vendor's own sample
    ("5550123", "US"),
    ("+3805550001", None),
    ("5551234", "ZA"),
    # A digit too few or too many
    ("98765432", "IN"),
    ("981234567", "IN"),
    ("98123456789", "UA"),
    ("+91981234567", None),
    ("+9198123456789", None),
    ("60123456", "CZ"),
    ("93555000", "UA"),
    # The zero, or the 8, or the 1, that is dialled before a number is none of its digits
    ("093555000", "UA"),
    ("+380093555000", "UA"),
    ("380093555000", None),
    ("8916123456", "RU"),
    ("0770090012", "GB"),
    ("061234567", "HU"),
    ("021123456", "RO"),
    ("1506234567", "US"),
    ("+33 (0)1 23 45 67 8", "FR"),
    # And neither is its country's code
    ("420777888", "CZ"),
    ("4477009001", "GB"),
    ("341234567", "ES"),
    # A zero too many at home, or a number abroad that no country gives out
    ("005012345678", "TR"),
    ("0011961234567", "BR"),
    ("004-92-58-76-11", "FR"),  # the same: who means Germany writes 49 in one piece
    ("+91 +19812345678", "IN"),
    ("+9191981234567", "IN"),
    # Nobody knows whose
    ("01129017031", None),
    ("9812345678", None),
    ("0919812345678", None),
    ("+0919812345678", "IN"),
    # Digits that were lost
    ("9.81E+09", "IN"),
    ("9,81E+09", "IN"),
    ("3.80936E+11", "UA"),
    ("9.8123456789e9", "IN"),
    ("9812345678.5", "IN"),
    ("98123456.00", "IN"),  # not 9812345600
    ("981234567.8", "IN"),
    ("5550001.0", "UA"),
    ("12345.0", "IN"),
    ("nan", "IN"),
    ("98xxxx5678", "IN"),
    ("98****5678", "IN"),
    ("98,123,456", "IN"),
    ("9812345678,5", "IN"),
    # Nobody may call it
    ("9812345678 (wrong number)", "IN"),
    ("9812345678 do not call", "IN"),
    # Two numbers
    ("9812345678 or 9812345679", "IN"),
    ("9812345678 (mobile) 9812345679", "IN"),
    ("9812345678 9812345679", "IN"),
    ("9812345678, 9812345679", "IN"),
    ("9812345678;9812345679", "IN"),
    ("9812345678\n9812345679", "IN"),
    ("9812345678/9812345679", "IN"),
    ("9812345678-79", "IN"),  # not +98 1234567879
    ("25551234/35", "IN"),
    ("0301234567/68", "DE"),
    ("6111234 6111235", "IS"),
    ("+380935550001 +380935550002", "UA"),
    ("+380935550001 x 0935550002", "UA"),
    # Other things
    ("+551123456789 9", "BR"),
    ("0055 1123456789-9", "DE"),
    ("1123456789 9", "BR"),  # together they are as long as a number, and none
    ("1123456789 89", "AR"),  # not +1 234567 8989
    ("95.214.235.205", "UA"),
    ("sip:95.214.235.205", "UA"),
    ("sip:95.214.235.205:5060", "UA"),
    ("27/11/2026", "UA"),
    ("12:34:56 7890", "IN"),
]


@pytest.mark.parametrize(("written", "country"), NONE)
def test_not_a_number(written, country):
    assert phone.e164(written, country) is None


@pytest.mark.parametrize(
    ("written", "country", "doubts"),
    [
        ("+919812345678", "IN", ()),
        ("9812345678", "IN", ()),
        ("+919812345678", None, ()),
        ("0935550001.0", "UA", (writing.FRACTION,)),
        ("9.812345678E9", "IN", (writing.EXPONENT,)),
        ("0919812345678", "IN", (phone_reading.ZERO_BEFORE_CODE,)),
        ("+420 (0)601234567", "CZ", (writing.ZERO_IN_BRACKETS,)),
        ("+12125550123 x7", "US", ("The extension 7 was dropped.",)),
        ("++420601234567", "CZ", (writing.TWO_SIGNS,)),
        ("9,812,345,678", "IN", (writing.GROUPED,)),
        ("9812345678 (mobile)", "IN", (writing.KIND.format("mobile"),)),
        ("60123456 (mobile)", "CZ", None),
        ("+91 +91 98123 45678", "IN", (writing.CODE_TWICE,)),
        ("+91 91 98123 45678", "IN", (writing.CODE_TWICE,)),
        ("+52 1 55 1234 5678", "MX", (phone_reading.RETIRED.format("Mexico"),)),
        ("123456789", "CZ", (phone.ONLY_FULL,)),
        ("91007410410123", "IN", (phone.DROPPED.format("9100"),)),
        ("+91 00 7410410123", "IN", None),
        ("1112205552637", "US", (phone.DROPPED.format("111"),)),
        ("0091 07410410123", "IN", ()),
        ("+7 8 912 345-67-89", "RU", ()),
        ("011 91 7410410123", "US", ("It is a number of +91, and the default country is US.",)),
        ("0 11 15 2345-6789", "AR", ()),  # their way to dial a mobile, and written otherwise from abroad
        ("48501234567", "CZ", ("It is a number of +48, and the default country is CZ.",)),
        ("+14165550123", "US", ()),  # one code, one way to dial
        ("+420123456789 x1", "CZ", None),  # what stands before an extension must be a number for sure
    ],
)
def test_what_is_doubtful_is_said(written, country, doubts):
    found = phone.read(written, country)
    assert (found and found.doubts) == doubts

"""Text out of pages."""

import html

import pytest

from lib import text


@pytest.mark.parametrize(
    "written",
    [
        "{&quot;a&quot;: 1}",
        "&#34;&#x22;&#X22;&#034;&#x0022",
        "&#0;&#00;&#x0;&#0x;&#;&#x;&#xg;",
        "&#1114111;&#1114112;&#99999999;&#x10ffff;&#x110000;&#xfffffff;",
        "&#55296;&#128;&#13;",
        "&amp;quot; &nosuch; &lt",
        "&#0000000034 &#x000000022;a",
    ],
)
def test_it_is_read_as_the_standard_library_reads_it(written):
    assert text.unescaped(written) == html.unescape(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"&#{'1' * 5_000};", "\ufffd"),
        (f"&#{'0' * 5_000}34;", '"'),
        (f"&#x{'f' * 5_000};", "\ufffd"),
        (f"&#x{'0' * 5_000}22;", '"'),
        (f"a&#{'9' * 1_000_000}", "a\ufffd"),
    ],
)
def test_numbers_of_any_length_are_read(written, read):
    assert text.unescaped(written) == read

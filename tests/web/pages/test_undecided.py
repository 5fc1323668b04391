"""Words and values of which nobody knows what they mean."""

import html
import re

import pytest

from tests import factories
from tests.web.pages.shown import NOW, text, tile


def test_words_that_nobody_has_mapped_are_shown_with_their_calls(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.outcome(session, connect_outcome="unknown", status_raw="7", started_at=NOW)

    page = text(reader)

    assert '#words-title">1 word undecided on <bdi>ryng-main</bdi></a>' in page
    assert '<a href="/calls?connection=ryng-main&amp;unmapped=status_raw:7"><bdi>7</bdi>' in page


def test_a_meaning_that_nobody_has_decided_is_a_dash_and_never_zero(reader, database, at_ten_forty_five):
    with database.write() as session:
        for _ in range(3):
            factories.outcome(session, disposition="Sale", started_at=NOW)
        factories.outcome(session, started_at=NOW)

    page = text(reader)

    assert all(tile(page, title).startswith("– Not known") for title in ("Contacts", "Contact rate", "Sales"))
    assert "Nobody has decided what the dispositions of these calls mean" in page
    assert '3 calls, 100.0 % of those with a disposition: 3 on <a href="/connections/ryng-main#words-title">' in page
    assert "1 word undecided on" in page
    words_page = text(reader, "/connections/ryng-main")
    assert "somebody has decided" not in words_page
    assert '<a href="/calls?connection=ryng-main&amp;unmapped=disposition:Sale"' in words_page


def test_without_dispositions_nothing_is_undecided(reader, database, at_ten_forty_five):
    with database.write() as session:
        factories.outcome(session, started_at=NOW)

    page = text(reader)

    assert all(tile(page, title).startswith("0 calls") for title in ("Contacts", "Sales"))
    assert "undecided" not in page
    assert "None: no word that was seen" in text(reader, "/connections/ryng-main")


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("status_raw", "NO-FORWARD"),
        ("hangup_cause", "by the: network & more"),
        ("disposition", "Не интересно +1"),
        ("event", "hold / whisper"),
    ],
)
def test_the_calls_of_a_word_are_as_many_as_it_says(reader, database, at_ten_forty_five, field, word):
    with database.write() as session:
        for number in range(3):
            said = {} if field in ("event", "disposition") else {"connect_outcome": "unknown"}
            row = factories.outcome(session, **said, **({} if field == "event" else {field: word}))
            if field == "event":
                told = factories.receipt(session, body=b"%d" % number)
                factories.event(session, row, told, kind="milestone", facts={"_word": word})
            factories.outcome(session)
    (link,) = re.findall(
        r'<td data-label="Calls" class="number"><a href="([^"]+)"[^>]*>3</a>', text(reader, "/connections/ryng-main")
    )
    listed = text(reader, html.unescape(link))
    assert listed.count("data-key=") == 3
    # The filter stays when the form is sent with another choice, and is told as one.
    assert f'<input type="hidden" name="unmapped" value="{html.escape(f"{field}:{word}")}">' in listed
    assert "undecided word: <bdi>" in listed


def test_values_that_nobody_can_read_lead_to_exactly_their_calls(reader, database, at_ten_forty_five):
    with database.write() as session:
        for number in range(3):
            row = factories.outcome(session)
            told = factories.receipt(session, body=b"%d" % number)
            factories.event(session, row, told, facts={"_unread": {"callEnded": "<b>soon</b>"}})
            factories.outcome(session)
    assert "1 field with values that nobody can read" in text(reader)
    page = text(reader, "/connections/ryng-main")
    assert "<bdi>&lt;b&gt;soon&lt;/b&gt;</bdi>" in page
    (link,) = re.findall(r'<a href="([^"]+unread=[^"]+)"[^>]*>3</a>', page)
    listed = text(reader, html.unescape(link))
    assert listed.count("data-key=") == 3
    assert "unread field: <bdi>" in listed
    (first, *_) = re.findall(r'<a href="([^"]+)">call 1</a>', page)
    assert "Could not be read: <code>callEnded</code>" in text(reader, html.unescape(first))

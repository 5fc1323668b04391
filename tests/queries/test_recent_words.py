"""Whoever asks every few seconds does not have millions of calls counted every few seconds."""

import pytest

from queries import recent_words
from queries.recent_words import RecentWords


@pytest.mark.parametrize("takes, asked_at, counted", [(0.1, (0, 1, 2), 3), (3.0, (0, 30, 62, 64, 126), 2)])
def test_what_takes_long_is_given_again_for_a_while(monkeypatch, takes, asked_at, counted):
    now, counts = [0.0], []

    def unmapped(session, configured):
        now[0] += takes
        counts.append(now[0])
        return {"ryng-main": [len(counts)]}

    monkeypatch.setattr(recent_words.words_seen, "unmapped", unmapped)
    recent = RecentWords(lambda: now[0])
    for at in asked_at:
        now[0] = float(at)
        assert recent.unmapped(None, {}) == {"ryng-main": [len(counts)]}
    assert len(counts) == counted
    recent.forget()
    recent.unmapped(None, {})
    assert len(counts) == counted + 1

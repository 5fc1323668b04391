"""Secrets that Wrapup makes itself: there before they are named, and never empty."""

import os

import pytest

from lib import durable
from service.settings.keyring import kept
from service.settings.mistakes import BadSettings


def test_it_is_made_once_and_for_its_owner_alone(tmp_path):
    made = kept(tmp_path, "secret_key")
    assert len(made) >= 32 and kept(tmp_path, "secret_key") == made
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["secret_key"]
    assert (tmp_path / "secrets" / "secret_key").stat().st_mode & 0o077 == 0


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Else a loss of power leaves the name, and nothing in it."""
    done = []
    for name in ("fsync", "link"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: (done.append(name), real(*given)))
    kept(tmp_path, "secret_key")
    assert done[:2] == ["fsync", "link"] and done[2:] == ["fsync"]


@pytest.mark.parametrize("left", ["", "\n", "\0" * 32])  # the last as XFS leaves it
def test_one_that_a_loss_of_power_has_emptied_is_no_secret(tmp_path, left):
    """Whoever signs with nothing signs what anybody can."""
    kept(tmp_path, "secret_key")
    durable.replace(tmp_path / "secrets" / "secret_key", left)
    with pytest.raises(BadSettings, match="secret_key holds no secret any more"):
        kept(tmp_path, "secret_key")
    (tmp_path / "secrets" / "secret_key").unlink()
    assert kept(tmp_path, "secret_key")

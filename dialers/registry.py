"""The dialers that Wrapup knows: an explicit table, so that a dialer that fails to load stops the start."""

from dialers import jaicp, qvoice, ringostat, ryng, voipex
from dialers.base import Dialer

DIALERS: dict[str, Dialer] = {
    dialer.name: dialer for dialer in (ryng.DIALER, qvoice.DIALER, jaicp.DIALER, voipex.DIALER, ringostat.DIALER)
}

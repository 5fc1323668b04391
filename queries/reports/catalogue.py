"""All reports, by name, in the order of the definitions. A new one is a row here."""

from collections.abc import Mapping

from queries.reports import compliance, moving, of_calls, of_leads, of_loads, of_numbers, of_times, promised
from queries.reports.base import Report

_ORDER = (
    of_calls.ATTEMPTS,
    of_calls.ATTEMPTS_PER_LEAD,
    of_loads.PENETRATION,
    of_calls.CONNECT,
    of_calls.CONTACT,
    of_leads.FIRST_ATTEMPT,
    of_leads.ATTEMPTS_TO_CONTACT,
    of_times.BEST_TIME,
    of_times.DISPOSITIONS,
    of_calls.ABANDON,
    of_calls.MACHINES,
    of_calls.TIMES,
    of_calls.AGENTS,
    of_loads.SPEED,
    promised.CALLBACKS,
    of_numbers.NUMBER_HEALTH,
    compliance.COMPLIANCE,
    of_numbers.UNREACHABLE,
    moving.MOVING,
)
REPORTS: Mapping[str, Report] = {report.name: report for report in _ORDER}

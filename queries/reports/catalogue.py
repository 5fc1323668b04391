"""All reports, by name. A new one is a row here."""

from collections.abc import Mapping

from queries.reports import of_calls
from queries.reports.base import Report

REPORTS: Mapping[str, Report] = {report.name: report for report in of_calls.REPORTS}

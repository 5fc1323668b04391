"""Outcomes into any destination of dlt, each run only what has changed since the last. ``WRAPUP_KEY`` needs the scope read.

pip install 'dlt[duckdb]' && python integrations/dlt/wrapup.py
"""

import os

import dlt
from dlt.sources.rest_api import rest_api_source

# fmt: off
# What holds several values stays one column. What people write is no time, though it may look like one in the first row.
TYPES = {"json": "flags sources changed_fields custom_fields", "timestamp": "corrected_at",
         "text": "merged_into notes lead_status customer_name crm_reference disposition disposition_parent campaign_name"}
# A row that turned out to be the same call as another has merged_into, by which dlt takes it out again.
CONFIG = {
    "client": {"base_url": os.environ["WRAPUP_URL"] + "/api/v1/", "auth": {"token": os.environ["WRAPUP_KEY"]}},
    "resources": [{
        "name": "outcomes", "primary_key": "id", "write_disposition": "merge",
        "columns": {of: {"data_type": kind, "hard_delete": of == "merged_into"} for kind in TYPES for of in TYPES[kind].split()},
        "endpoint": {
            "path": "outcomes/changes", "data_selector": "outcomes",
            "params": {"limit": 1000, "after": "{incremental.start_value}"},
            "incremental": {"cursor_path": "position", "initial_value": 0},
            "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after", "has_more_path": "more"},
        },
    }],
}
# fmt: on

if __name__ == "__main__":
    pipeline = dlt.pipeline("wrapup", destination=os.environ.get("WRAPUP_DESTINATION", "duckdb"), dataset_name="calls")
    # After a restore, drop_sources: everything is taken anew.
    print(pipeline.run(rest_api_source(CONFIG), refresh=os.environ.get("WRAPUP_REFRESH") or None))
    print(pipeline.last_trace.last_normalize_info.row_counts)

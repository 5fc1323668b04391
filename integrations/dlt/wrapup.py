"""Outcomes into any destination of dlt, each run only what has changed since the last. ``WRAPUP_KEY`` needs the scope read.

pip install 'dlt[duckdb]' && python integrations/dlt/wrapup.py
"""

import os

import dlt
from dlt.sources.rest_api import rest_api_source

# A row that turned out to be the same call as another has merged_into, by which dlt takes it out again.
CONFIG = {
    "client": {"base_url": os.environ["WRAPUP_URL"] + "/api/v1/", "auth": {"token": os.environ["WRAPUP_KEY"]}},
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [{
        "name": "outcomes",
        "columns": {"merged_into": {"data_type": "text", "hard_delete": True}},
        "endpoint": {
            "path": "outcomes/changes", "data_selector": "outcomes",
            "params": {"limit": 1000, "after": "{incremental.start_value}"},
            "incremental": {"cursor_path": "position", "initial_value": 0},
            "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after", "has_more_path": "more"},
        },
    }],
}  # fmt: skip

if __name__ == "__main__":
    pipeline = dlt.pipeline("wrapup", destination=os.environ.get("WRAPUP_DESTINATION", "duckdb"), dataset_name="calls")
    # After a restore, drop_sources: everything is taken anew.
    print(pipeline.run(rest_api_source(CONFIG), refresh=os.environ.get("WRAPUP_REFRESH") or None))
    print(pipeline.last_trace.last_normalize_info.row_counts)

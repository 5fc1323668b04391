"""Names in figures that others ask for: light, for whoever loads the settings."""

UP, READ_ONLY = "wrapup_up", "wrapup_database_read_only"
SET_UP, WHAT = "wrapup_set_up", "what"  # how many there are, and the label that says of what
CONNECTIONS, HEARD, POLLED, LEADS = "connections", "heard", "polled", "leads"
DESTINATIONS, ASKED, CHANNELS = "destinations", "asked_whom_not_to_call", "alert_channels"
BEATS = "beats"  # the loop by whose beat a worker lives

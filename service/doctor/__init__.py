"""``wrapup doctor``: is this machine, and what it is connected to, as it must be? A line for each thing, and what to do."""

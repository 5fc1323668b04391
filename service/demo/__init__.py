"""``wrapup demo``: the command, and the settings file that it writes."""

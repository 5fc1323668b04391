"""Settings: read, checked and refused. ``config`` is where they are asked for."""

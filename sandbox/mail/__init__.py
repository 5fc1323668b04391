"""A mail server played locally: it takes what it is given and delivers nothing, faults included."""

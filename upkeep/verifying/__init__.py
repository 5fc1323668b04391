"""Whether what is stored holds together: a sample of it within seconds, or all of it in pieces."""

"""What a receipt goes down until something keeps it: the database, the spool, the log and memory. ``inbox`` is its top."""

"""What is kept for how long.

``ages`` says from when on each kind is kept, ``due`` which rows that are: the one definition, for what is shown and for what
is done. ``showing`` counts them, ``deleting`` deletes them a few at a time, ``parts`` a month of receipts at once, ``keeper``
is the worker's loop. See docs/retention.md and docs/decisions/0021-retention.md."""

"""Destinations: where outcomes are synced to, a folder for each kind of CRM, and the engine that delivers.

The engine, in the order of a delivery: ``following`` makes it of the feed. ``delivering`` asks whether any is due (``due``),
holds the destination (``desk``) and begins a shift (``shifts``). That takes some (``claiming``; ``taken`` is one) and works on
them (``work``, ``operations``): whom it belongs to (``finding``, ``numbers``), whose it is of several destinations (``accounts``,
``agreeing``), which status it sets (``statuses``, ``setting_statuses``), what is taken back (``undoing``). Each request takes a
turn (``budgets``), with a token that is still good (``tokens``, ``granting``). What came of it is written down (``settling``),
also where all of it failed (``failing``, ``giving_up``), a little at a time (``lots``, ``sharing``).

Beside it: what a person does (``steering``, ``history``, ``previewing``, ``checking``), whom a CRM says not to call
(``refusing``), and persons who are erased (``erasing``).
"""

"""Every question asked of outcomes: lists, the feed, exports, reports, how it is. Reads; what makes outcomes is ``outcomes``."""

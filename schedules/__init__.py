"""Views that are sent by themselves: when each is due, written down before it leaves, by mail, into a folder or a bucket."""

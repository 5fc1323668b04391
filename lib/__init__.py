"""Small helpers named for their subject. They know nothing of calls."""

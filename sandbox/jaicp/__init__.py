"""JAICP, played locally over real HTTP: takes numbers, calls them in its own time, and says what became of them."""

"""Whether this process is about to end. Set by whoever hears the signal; whoever only waits for something then stops waiting."""

import threading

ENDING = threading.Event()

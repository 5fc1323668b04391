"""QVoice, played locally over real HTTP: fills its reports, page by page, takes leads, and misbehaves on request."""

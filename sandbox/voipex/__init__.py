"""VoIPEX, played locally over real HTTP: tokens, call lists, campaigns, and webhooks for the calls of campaigns that run."""

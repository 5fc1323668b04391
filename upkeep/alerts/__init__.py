"""Says by itself when something is wrong: by Prometheus's rules, or without Prometheus by mail or webhook. One table of both."""

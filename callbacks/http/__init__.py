"""How callbacks come in: a server that answers whatever HTTP its senders speak, and waits for nobody for long."""

"""HubSpot, played locally over real HTTP: calls, contacts, associations, properties and owners of one account."""

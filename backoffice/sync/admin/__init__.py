"""The staff's pages on other systems: connections with their health, what came from them, what they were told."""

from backoffice.sync.admin import arrivals, connections, deliveries

__all__ = ["arrivals", "connections", "deliveries"]

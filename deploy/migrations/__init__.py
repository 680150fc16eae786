"""Alembic migrations: forward only, compatible with the previous version of the code, under a lock."""

"""Saving a deployment, putting it back, and carrying it from SQLite to PostgreSQL; each proved by verification."""

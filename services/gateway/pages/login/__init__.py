"""Logging in: account and password, household card and PIN, and in the demo one button per role."""

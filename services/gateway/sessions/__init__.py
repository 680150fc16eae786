"""Logging in and out: server-side sessions, throttling, and protection against forged requests."""

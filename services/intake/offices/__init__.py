"""Offices of the township, and the duties of people."""

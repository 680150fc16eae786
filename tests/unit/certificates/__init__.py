"""Certificates: names, checks, and the folder that a command leaves."""

"""Examinations of packages and images."""

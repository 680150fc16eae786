"""Privacy: plain functions."""

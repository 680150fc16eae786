"""Privacy: properties."""

"""`make bench`: the recalculation measured against the database itself, side by side in one run."""

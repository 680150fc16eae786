"""The drill: the real system under load and under faults, and a count of what became of every operation."""

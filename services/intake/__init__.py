"""Intake: what is reported from the ground (registry, demands, visits)."""

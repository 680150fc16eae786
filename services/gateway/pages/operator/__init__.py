"""运维: services, what waits, dead letters."""

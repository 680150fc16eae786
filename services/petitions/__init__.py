"""Petitions: what must go its lawful way (register, clocks, letters, village decisions)."""

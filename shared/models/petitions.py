"""Models owned by petitions: the register and its clocks."""

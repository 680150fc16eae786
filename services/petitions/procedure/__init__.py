"""The procedure 办理: the transition table, its clocks, steps and reminders."""

"""信访: the register with its clocks and acts for those inside; following and evaluating for petitioners."""

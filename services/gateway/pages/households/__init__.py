"""积分单: a household's statement, its own and for those who look after it."""

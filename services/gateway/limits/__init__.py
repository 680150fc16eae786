"""How often something may be done: by login, by address, by account and by card, all counted in one way, in SQL."""

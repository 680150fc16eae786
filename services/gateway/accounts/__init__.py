"""Accounts of people and PINs of household cards: who can log in, and what for."""

"""Expiry 到期: what is left of points whose time is over, found by replaying a household's account, never stored."""

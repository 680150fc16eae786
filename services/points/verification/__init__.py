"""Verification: proof that scores, entries, accounts and chain agree."""

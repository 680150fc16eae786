"""Points: what it is worth (rulebooks, scoring, ledger, recalculation, quarters, store)."""

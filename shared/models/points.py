"""Models owned by points: rulebooks, events, ledger, recalculation, quarters, store."""

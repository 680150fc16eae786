"""核验: the ledger proves itself."""

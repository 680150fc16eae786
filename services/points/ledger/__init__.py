"""The ledger: the chain of postings, entries without an event, accounts, and the words for why they are there."""

"""Events: declared, reviewed, posted, voided."""

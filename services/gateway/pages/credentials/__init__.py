"""What must be done before an account's rights hold: an own password, and an admin's second factor."""

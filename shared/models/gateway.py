"""Models owned by the gateway: accounts, sessions, card PINs, notices."""

"""The four services. None imports another: they meet through messages and through HTTP at the gateway."""

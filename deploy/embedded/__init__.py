"""The embedded edition: every process of a township on one machine, started by one command."""

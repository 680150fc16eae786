"""The living page of the design: every component in every state."""

"""Models owned by intake, beside the registry: demands and imports."""

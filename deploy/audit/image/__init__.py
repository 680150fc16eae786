"""What an image holds that it should not, read from its tar without any engine: `make audit-image`."""

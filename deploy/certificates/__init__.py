"""Certificates for HTTPS: of a township's own CA, or checked when they come from elsewhere."""

"""装证书: how a phone comes to trust the township's own CA, and what does not work without HTTPS."""

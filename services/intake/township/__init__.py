"""What the township says of itself on its public page."""

"""People of the township: residents, officials, or both."""

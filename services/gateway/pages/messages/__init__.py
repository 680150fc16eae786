"""消息: what the services tell a person or a household."""

"""Pages for people: one folder a topic, made of the components in `templates/components`."""

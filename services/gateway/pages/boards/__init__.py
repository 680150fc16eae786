"""公示: boards as they hang on the wall."""

"""Rulebooks: drafts, lint, publication, adoption by villages."""

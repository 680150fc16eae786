"""Rulebooks 积分细则: drafts, lint, publication, and their adoption by villages."""

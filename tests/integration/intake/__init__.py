"""Intake on real databases."""

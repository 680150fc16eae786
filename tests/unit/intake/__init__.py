"""Intake: plain functions."""

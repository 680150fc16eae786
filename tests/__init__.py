"""Tests by kind (unit, properties, integration, contracts, structure, browser, drills), then by service."""

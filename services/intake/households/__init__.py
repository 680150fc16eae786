"""Households, their residents, and opening what is masked."""

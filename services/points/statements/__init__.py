"""Statements 积分账单: a household's balance, its entries by month, and why each of them is there."""

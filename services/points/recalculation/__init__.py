"""Recalculation 重算: re-scoring of posted events under the rules in force, one shard per village.

Run and shards are rows, and they are the only truth; messages only wake a worker. A shard's own row gives the right
to work, its village's ledger row the right to post.
"""

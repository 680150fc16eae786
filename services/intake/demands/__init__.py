"""Demands 诉求: from a sentence in the valley to a confirmed answer."""

"""Retention 保存期限: what is forgotten when its time is over."""

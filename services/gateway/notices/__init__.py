"""Notices 消息: what someone should know, on the page."""

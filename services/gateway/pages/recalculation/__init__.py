"""积分重算: what waits, preview, notices to those who lose, apply, progress, result."""

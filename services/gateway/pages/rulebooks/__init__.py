"""积分细则: the one-page 常用十条, the full text, who adopted what."""

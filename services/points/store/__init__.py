"""Store 积分超市: goods with prices and stock, and redemptions 兑换 of points for goods."""

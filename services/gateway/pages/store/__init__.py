"""积分超市: goods, redemptions, fetching."""

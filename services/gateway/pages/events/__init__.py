"""积分记录: declare, review, void."""

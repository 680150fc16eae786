"""查积分 by household card and PIN."""

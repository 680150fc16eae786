"""What the petitioner does with number and code: follow and evaluate 查询与评价, and the rates made of it."""

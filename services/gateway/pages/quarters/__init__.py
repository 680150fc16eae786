"""季度: tally, publish, close."""

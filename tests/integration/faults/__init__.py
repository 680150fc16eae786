"""What the drill reads and proves, on real databases with something wrong in them."""

"""导览: six stops through the demo township."""

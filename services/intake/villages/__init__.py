"""Villages and their grids of three levels."""

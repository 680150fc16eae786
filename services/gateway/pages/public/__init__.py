"""The township's public page: four doors, opening hours, reception, phones."""

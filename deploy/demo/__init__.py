"""The demo township: four real villages, invented people, made deterministically from a seed. Fictional throughout."""

"""How the system is run: migrations, the embedded launcher, the demo township, backup."""

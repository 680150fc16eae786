"""Base images made from Debian's packages, and what goes into the image of the program."""

"""The description of the whole API in one, and a page to read it on; all of it served from here."""

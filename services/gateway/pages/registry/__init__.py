"""台账: households and their people, and the workbooks that fill them in."""

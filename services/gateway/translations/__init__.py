"""The catalogue of the pages' sentences, and how it is made."""

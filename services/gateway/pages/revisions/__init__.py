"""细则修订: drafts and their lines, the lint, publication, and what each village has adopted."""

"""意见建议: on every page, from anybody, about the page that was open."""

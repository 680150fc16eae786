"""Quarters 季度 and boards 公示榜: tallied, published with objections, closed; immutable editions on a public page."""

"""Workbooks into the registry: dry run, error workbook, nothing written twice."""

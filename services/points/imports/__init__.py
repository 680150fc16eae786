"""Imports 导入 of events from workbooks: checked, declared by the importer, released by another person."""

"""积分记录 by workbook: check, import, release by another person."""

"""提诉求 and what becomes of it: the public form, following with number and code, and the work of those inside."""

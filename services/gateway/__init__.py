"""Gateway: who may come in (login, sessions, proxy, pages for people)."""

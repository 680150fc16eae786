"""The drill: its plan, its clients, its count and its report."""

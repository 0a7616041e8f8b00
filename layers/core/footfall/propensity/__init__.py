"""How likely a session in progress is to lead to an order, told from its first events."""

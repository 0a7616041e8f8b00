"""What a session is: pure functions from events to sessions."""

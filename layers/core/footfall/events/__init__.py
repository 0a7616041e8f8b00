"""What an event means: pure functions from what a client sent to the document that is stored."""

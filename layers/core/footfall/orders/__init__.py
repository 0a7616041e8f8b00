"""What an order is: pure functions from events to orders."""

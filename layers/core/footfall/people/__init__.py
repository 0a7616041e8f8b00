"""Who a person is: pure functions from events to people."""

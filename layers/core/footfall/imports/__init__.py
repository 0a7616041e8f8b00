"""Files as events: pure functions from the rows of an uploaded file to the events that they mean."""

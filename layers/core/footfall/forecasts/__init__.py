"""What customers are expected to do: pure functions, from purchases to lifetime values and chances of churn."""

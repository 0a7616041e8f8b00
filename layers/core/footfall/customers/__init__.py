"""Customers and their behaviour: pure functions, from documents to tokens, scores, segments and vectors."""

"""The catalogue: what is told of products and of people's interests, folded in any order."""

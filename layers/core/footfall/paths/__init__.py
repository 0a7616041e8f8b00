"""The ways people take through a shop: journeys, the links between their steps, and their patterns, without I/O."""

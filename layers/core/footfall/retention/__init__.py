"""Who comes back: cohorts, stickiness and the stages of people's lives, without I/O."""

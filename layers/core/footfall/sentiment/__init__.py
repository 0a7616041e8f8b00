"""What a text of feedback feels and is about: read in pure Python, by weights that `make sentiment` fits."""

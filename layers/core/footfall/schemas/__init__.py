"""The models of what crosses a boundary, one file per concept; they import pydantic and nothing else."""

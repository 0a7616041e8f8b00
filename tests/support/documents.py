"""What stored documents consist of."""

from typing import get_args, get_type_hints, is_typeddict


def fields_of(document: type, prefix: str = "") -> set[str]:
    """Returns the names of a document's fields; those of nested documents with a dot before them."""
    names: set[str] = set()
    for name, hint in get_type_hints(document).items():
        names.add(f"{prefix}{name}")
        for part in (hint, *get_args(hint)):
            if is_typeddict(part):
                names |= fields_of(part, f"{prefix}{name}.")
    return names

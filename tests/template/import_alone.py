"""Imports a module as Lambda would have it: with its layers' packages and the runtime's, and no other this machine has.

Run as a script: `import_alone.py functions.etl.events.handler pandas numpy …` imports the handler while the packages
that follow look as if they were not installed, and prints the top-level names of all that was loaded.
"""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Absent(MetaPathFinder):
    """Makes packages look as if they were not installed."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Raise for what is absent; None leaves the rest to Python's own finders."""
        if fullname.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r} in this function's layers", name=fullname)
        return None


if __name__ == "__main__":
    handler, *absent = sys.argv[1:]
    sys.meta_path.insert(0, Absent(set(absent)))
    import_module(handler)
    print(*{name.partition(".")[0] for name in sys.modules})

"""Imports a module as Lambda would have it: with its layers' packages and the runtime's, and no other this machine has.

Run as a script: `import_alone.py functions.etl.events.handler pymongo redis …` prints the third parties it loaded.
"""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from types import ModuleType


class Absent(MetaPathFinder):
    """Makes every module of a distribution that the function does not have look as if it were not installed."""

    def __init__(self, present: set[str]) -> None:
        self.absent = {
            name
            for name, distributions in packages_distributions().items()
            if not {distribution.lower().replace("_", "-") for distribution in distributions} & present
        }

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Raise for what is absent; None leaves the rest to Python's own finders."""
        top = fullname.partition(".")[0]
        if top in self.absent and top not in {"functions", "footfall"}:
            raise ModuleNotFoundError(f"No module named {fullname!r} in this function's layers", name=fullname)
        return None


if __name__ == "__main__":
    handler, *present = sys.argv[1:]
    third_parties = {name for name in packages_distributions() if name not in {"functions", "footfall"}}
    sys.meta_path.insert(0, Absent(set(present)))
    import_module(handler)
    print(*sorted(third_parties & {name.partition(".")[0] for name in sys.modules}))

"""What `make build` does after `sam build`: removes what never runs, compiles the rest, measures functions' sizes.

Functions that use MongoDB get their roles of infra/access.yaml (infra/access.py).

SAM ships no bytecode, and compiling at initialisation costs three times the time of importing.
Run it with the functions' Python (3.13), as `.venv-sam` is: bytecode belongs to one version.
"""

import compileall
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

import yaml

from infra.access import with_roles
from infra.references import Dumper
from infra.template import functions, load, resources

BUILT = Path(".aws-sam/build")
RUNTIME = (3, 13)
LIMIT_MIB = 250
NEVER_RUN = ("tests", "__pycache__")


def finish(built: Path) -> None:
    """Strip and compile every layer and function that SAM built, and give functions their roles."""
    template = load(built / "template.yaml")
    (built / "template.yaml").write_text(yaml.dump(with_roles(template), Dumper=Dumper, sort_keys=False))
    for name in resources(template, "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"):
        strip(built / name)
        in_lambda = "/opt" if name.endswith("Layer") else "/var/task"
        compile_bytecode(built / name, in_lambda)


def strip(folder: Path) -> None:
    """Remove the test suites that packages carry; `*.libs` and everything else stays as the wheels have it."""
    for name in NEVER_RUN:
        for found in list(folder.rglob(name)):
            shutil.rmtree(found)


def compile_bytecode(folder: Path, in_lambda: str) -> None:
    """Compile to `.pyc` files that Python takes without looking at the sources' times, which packing does not keep."""
    done = compileall.compile_dir(
        folder,
        maxlevels=40,
        quiet=2,
        workers=0,
        stripdir=str(folder),
        prependdir=in_lambda,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        raise SystemExit(f"some modules in {folder} do not compile")


def sizes(built: Path) -> Iterator[tuple[str, float]]:
    """Yields each function's name and its unzipped size with its layers, in MiB."""
    for name, function in functions(load(built / "template.yaml")).items():
        parts = [name, *(layer["Ref"] for layer in function["Layers"])]
        yield name, sum(_mebibytes(built / part) for part in parts)


def _mebibytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


if __name__ == "__main__":
    if sys.version_info[:2] != RUNTIME:
        raise SystemExit(f"bytecode must be made by Python {RUNTIME}, this is {sys.version}")
    built_at = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT
    finish(built_at)
    too_large = False
    for function_name, mebibytes in sizes(built_at):
        print(f"{function_name:28} {mebibytes:6.1f} MiB")
        too_large |= mebibytes > LIMIT_MIB
    if too_large:
        raise SystemExit(f"too large: Lambda takes at most {LIMIT_MIB} MiB, unzipped, for a function with its layers")

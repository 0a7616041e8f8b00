"""What was built fits into Lambda, carries bytecode and belongs to arm64."""

import struct
from pathlib import Path

import pytest

from infra.build import LIMIT_MIB, sizes

from .folders import ROOT

BUILT = ROOT / ".aws-sam" / "build"
AARCH64 = 183
pytestmark = [
    pytest.mark.built,
    pytest.mark.skipif(not (BUILT / "template.yaml").exists(), reason="nothing is built here: `make build`"),
]


def test_every_function_with_its_layers_is_within_lambdas_limit() -> None:
    too_large = {name: round(size) for name, size in sizes(BUILT) if size > LIMIT_MIB}

    assert too_large == {}


def test_every_module_carries_bytecode_that_needs_no_look_at_its_source() -> None:
    modules = [path for path in BUILT.rglob("*.py") if path.parent.name != "templates"]
    assert modules
    for module in modules:
        compiled = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
        assert compiled.exists(), f"{module} has no bytecode: `make build`, not `sam build` alone"
        assert _flags(compiled) == 1, f"{compiled} is checked against its source"


def test_binaries_are_for_arm64() -> None:
    binaries = list(BUILT.rglob("*.so"))
    assert binaries
    assert [path for path in binaries if _machine(path) != AARCH64] == []


def _flags(compiled: Path) -> int:
    """PEP 552: bit 0 says the file is validated by hash, bit 1 that this hash is looked at."""
    with compiled.open("rb") as file:
        return int.from_bytes(file.read(8)[4:], "little")


def _machine(binary: Path) -> int:
    with binary.open("rb") as file:
        (machine,) = struct.unpack_from("<H", file.read(20), 18)
    return int(machine)

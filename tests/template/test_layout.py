"""A function's folder is its handler's path is its logical id; and all are built alike."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra.template import resources

from .folders import ROOT, declared, logical_id

Lambdas = dict[str, dict[str, Any]]


def test_every_folder_with_a_handler_is_in_the_template_and_the_reverse() -> None:
    written = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "functions").rglob("handler.py")}

    assert written <= set(declared())
    assert all((ROOT / folder).is_dir() for folder in declared())


def test_folder_handler_and_logical_id_are_the_same_name(lambdas: Lambdas) -> None:
    for name, function in lambdas.items():
        folder = function["CodeUri"]
        assert name == logical_id(folder)
        assert function["Handler"] == folder.replace("/", ".") + ".handler.handler"


def test_the_zip_keeps_the_package_path_that_tests_import_by(template: dict[str, Any]) -> None:
    for name, function in resources(template, "AWS::Serverless::Function").items():
        package = function["Properties"]["CodeUri"].replace("/", ".")
        expected = {"ParentPackageMode": "explicit", "ParentPackages": package}
        assert function["Metadata"]["BuildProperties"] == expected, name


def test_functions_is_a_namespace_without_init_files() -> None:
    assert list((ROOT / "functions").rglob("__init__.py")) == []


def test_everything_runs_python_3_13_on_arm64(template: dict[str, Any], lambdas: Lambdas) -> None:
    assert {function["Runtime"] for function in lambdas.values()} == {"python3.13"}
    assert all(function["Architectures"] == ["arm64"] for function in lambdas.values())
    for name, layer in resources(template, "AWS::Serverless::LayerVersion").items():
        # without BuildArchitecture the layer silently gets x86-64 binaries
        assert layer["Metadata"] == {"BuildMethod": "python3.13", "BuildArchitecture": "arm64"}, name
        assert layer["Properties"]["ContentUri"] == f"layers/{name.removesuffix('Layer').lower()}"


def test_every_layer_folder_is_a_layer_that_somebody_uses(template: dict[str, Any], lambdas: Lambdas) -> None:
    folders = {path.parent.name.capitalize() + "Layer" for path in (ROOT / "layers").glob("*/requirements.txt")}
    used = {layer["Ref"] for function in lambdas.values() for layer in function["Layers"]}

    assert folders == set(resources(template, "AWS::Serverless::LayerVersion")) == used


def test_functions_that_answer_http_answer_before_the_gateway_gives_up(lambdas: Lambdas) -> None:
    for name, function in lambdas.items():
        if name.startswith("Api"):
            assert function["Timeout"] <= 29, name


def test_snapshots_belong_to_the_http_functions_and_need_an_alias(lambdas: Lambdas) -> None:
    for name, function in lambdas.items():
        assert ("SnapStart" in function) == name.startswith("Api"), name
        if "SnapStart" in function:
            assert function["SnapStart"] == {"ApplyOn": {"Fn::If": ["KeepsSnapshots", "PublishedVersions", "None"]}}
            assert function["AutoPublishAlias"]
            # else a change in a layer alone would publish no new version
            assert function["AutoPublishAliasAllProperties"] is True, name


def test_the_authorizer_is_asked_through_its_alias(template: dict[str, Any]) -> None:
    authorizers = template["Resources"]["FootfallApi"]["Properties"]["Auth"]["Authorizers"]

    assert authorizers["ApiKey"]["FunctionArn"] == {"Ref": "ApiAuthorizerFunction.Alias"}


def test_logs_do_not_stay_for_ever(template: dict[str, Any], lambdas: Lambdas) -> None:
    groups = resources(template, "AWS::Logs::LogGroup")

    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert {function["LoggingConfig"]["LogGroup"]["Ref"] for function in lambdas.values()} <= set(groups)


PIN_FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("layers", "functions", "requirements")
    for path in sorted((ROOT / folder).rglob("*.txt"))
)


@pytest.mark.parametrize("path", PIN_FILES, ids=str)
def test_requirements_are_exact_versions_and_nothing_else(path: Path) -> None:
    pin = re.compile(r"[a-z0-9.-]+==[0-9][\w.]*(; python_version (<|>=) \"3\.12\")?|#.*|-r [\w./]+txt")

    for line in (ROOT / path).read_text().splitlines():
        assert pin.fullmatch(line), line


def test_a_package_has_one_version_wherever_it_is_pinned() -> None:
    pins: dict[str, set[str]] = {}
    # environments of their own; the runtime is AWS's
    apart = {"ministack.txt", "mutants.txt", "sam.txt", "runtime.txt"}
    for path in PIN_FILES:
        if path.name not in apart:
            for line in (ROOT / path).read_text().splitlines():
                name, _, version = line.partition("==")
                pins.setdefault(name, set()).add(version)

    assert {
        name: versions for name, versions in pins.items() if len(versions) > 1 and "python_version" not in str(versions)
    } == {}

"""The template as it is deployed to the emulator: for this machine's processor, without what the emulator cannot do."""

import json
import platform
from pathlib import Path
from typing import Any

import yaml

from infra.template import Template, load, resources

ROOT = Path(__file__).parents[2]
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
PLACES = ("CodeUri", "ContentUri")


def write_for_this_machine(folder: Path) -> Path:
    """Write template.yaml and the state machines into a folder; returns the template's path.

    Lambda's own processor is arm64, and what is built for it does not run on others. The emulator refuses alarms that
    reckon with several metrics, and takes state machines from JSON alone.
    """
    template = load(ROOT / "template.yaml")
    del template["Resources"]["Alarms"]
    _set_processor(template, MACHINES[platform.machine()])
    for name, machine in resources(template, "AWS::Serverless::StateMachine").items():
        machine["Properties"]["DefinitionUri"] = str(_as_json(machine["Properties"]["DefinitionUri"], folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "template.yaml"
    path.write_text(yaml.safe_dump(template, sort_keys=False))
    return path


def _set_processor(template: Template, machine: str) -> None:
    template["Globals"]["Function"]["Architectures"] = [machine]
    for layer in resources(template, "AWS::Serverless::LayerVersion").values():
        layer["Metadata"]["BuildArchitecture"] = machine
        layer["Properties"]["CompatibleArchitectures"] = [machine]
    for resource in template["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        properties.update({place: str(ROOT / properties[place]) for place in PLACES if place in properties})


def _as_json(definition: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".asl.json")
    written.write_text(json.dumps(yaml.safe_load((ROOT / definition).read_text())))
    return written

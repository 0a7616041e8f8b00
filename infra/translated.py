"""Writes template.yaml as CloudFormation will see it once SAM has translated it, for cfn-lint to check in full.

Run it with .venv-sam's Python: only that environment has SAM's translator.
"""

import sys
from pathlib import Path

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
from yaml import safe_dump

# SAM translates only what is packaged already; any address will do
PACKED = {
    "CodeUri": "s3://bucket/key",
    "ContentUri": "s3://bucket/key",
    "DefinitionUri": "s3://bucket/key",
    "TemplateURL": "https://s3.amazonaws.com/bucket/key",
}


def translated(source: str, region: str) -> dict[str, object]:
    """Returns the CloudFormation template that SAM makes of this one; raises SAM's error when it cannot."""
    template = yaml_parse(source)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: address for name, address in PACKED.items() if name in properties})
    parameters = {name: str(given.get("Default", "given")) for name, given in template["Parameters"].items()}
    # None stands for an IAM client: no policy of this template is called by a managed policy's name
    result: dict[str, object] = transform(template, {**parameters, "AWS::Region": region}, ManagedPolicyLoader(None))
    return result


if __name__ == "__main__":
    source_path, result_path = map(Path, sys.argv[1:])
    result_path.parent.mkdir(exist_ok=True)
    result_path.write_text(safe_dump(translated(source_path.read_text(), "eu-west-1"), sort_keys=False))

"""The state machine runs the four training functions and no other."""

import re
from typing import Any

from .folders import ROOT

DEFINITION = ROOT / "infra" / "training.asl.yaml"


def test_the_definition_names_the_functions_that_the_template_gives_it(template: dict[str, Any]) -> None:
    given = template["Resources"]["TrainingStateMachine"]["Properties"]["DefinitionSubstitutions"]

    assert set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text())) == set(given)


def test_it_may_invoke_what_it_names_and_nothing_else(template: dict[str, Any]) -> None:
    properties = template["Resources"]["TrainingStateMachine"]["Properties"]
    (policy,) = properties["Policies"]
    (statement,) = policy["Statement"]

    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == list(properties["DefinitionSubstitutions"].values())

"""The state machine runs the four training functions, refreshes caches, and runs nothing else."""

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
    invoke, *of_children = policy["Statement"]

    assert invoke["Action"] == "lambda:InvokeFunction"
    assert invoke["Resource"] == list(properties["DefinitionSubstitutions"].values())
    actions = [statement["Action"] for statement in of_children]
    assert actions == ["states:StartExecution", ["states:DescribeExecution", "states:StopExecution"]]
    assert all("footfall-training-" in str(statement["Resource"]) for statement in of_children), "its own alone"

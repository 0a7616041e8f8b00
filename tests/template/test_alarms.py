"""Everything in the template has its alarms by being there."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import alarms
from infra.template import load, resources

Template = dict[str, Any]
A_FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"Description": "new"}}
A_QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {}}


@pytest.fixture(scope="module")
def written() -> Template:
    """infra/alarms.yaml as it is committed."""
    return load(alarms.ALARMS)


@pytest.fixture
def grown(template: Template) -> Template:
    """The template with one more function and one more queue."""
    more = deepcopy(template)
    more["Resources"] |= {"ApiNewFunction": A_FUNCTION, "NewQueue": A_QUEUE, "NewDeadLetterQueue": A_QUEUE}
    return more


def watched(stack: Template) -> list[str]:
    """The parameter that each metric of each alarm is about."""
    found = []
    for alarm in resources(stack, "AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        metrics = [part["MetricStat"]["Metric"] for part in properties.get("Metrics", []) if "MetricStat" in part]
        for metric in metrics or [properties]:
            found += [dimension["Value"]["Ref"] for dimension in metric.get("Dimensions", [])]
    return found


def test_what_is_committed_is_what_the_template_means() -> None:
    assert alarms.main(["--check"]) == 0


def test_every_queue_and_function_is_watched_once(
    template: Template, lambdas: dict[str, dict[str, Any]], written: Template
) -> None:
    queues = resources(template, "AWS::SQS::Queue")

    machines = resources(template, "AWS::Serverless::StateMachine")

    assert sorted(watched(written)) == sorted(["Api", *machines, *queues, *lambdas])


def test_what_is_watched_is_handed_over_by_its_name_in_the_account(
    template: Template, lambdas: dict[str, dict[str, Any]], written: Template
) -> None:
    given = template["Resources"]["Alarms"]["Properties"]["Parameters"]
    for name in resources(template, "AWS::SQS::Queue"):
        assert given[name] == {"Fn::GetAtt": [name, "QueueName"]}
    for name in lambdas:
        assert given[name] == {"Ref": name}
    assert set(given) == set(written["Parameters"]) - {"OldestSeconds"}


@pytest.mark.parametrize("name", alarms.LOGGED)
def test_what_is_only_logged_is_counted_and_watched(written: Template, name: str) -> None:
    counting, alarm = (written["Resources"][each]["Properties"] for each in (f"{name}Filter", name))
    (counted,) = counting["MetricTransformations"]
    assert alarms.LOGGED[name] in counting["FilterPattern"]
    assert counting["LogGroupName"] == {"Ref": "FunctionsLogGroup"}
    assert (alarm["Namespace"], alarm["MetricName"]) == (counted["MetricNamespace"], counted["MetricName"])


def test_no_alarm_adds_up_more_metrics_than_cloudwatch_allows(written: Template) -> None:
    for name, alarm in resources(written, "AWS::CloudWatch::Alarm").items():
        assert len(alarm["Properties"].get("Metrics", [])) <= 1 + 10, name


def test_a_new_function_and_a_new_queue_are_watched_and_nothing_else_changes(
    grown: Template, written: Template, tmp_path: Path
) -> None:
    (tmp_path / "alarms.yaml").write_text(alarms.alarms(grown))

    more = load(tmp_path / "alarms.yaml")

    before, after = written["Resources"], more["Resources"]
    assert set(watched(more)) - set(watched(written)) == {"ApiNewFunction", "NewQueue", "NewDeadLetterQueue"}
    assert {name for name in before if before[name] != after[name]} == {"AnsweringFunctionsFailing2"}
    assert set(after) - set(before) == {"NewDeadLetters", "NewWaiting"}


def test_only_the_parameters_of_the_alarms_are_written_into_the_template(grown: Template) -> None:
    text = alarms.TEMPLATE.read_text()

    lines = alarms.handing_over(text, grown).splitlines()

    assert alarms.handing_over(text, load(alarms.TEMPLATE)) == text
    assert set(lines) - set(text.splitlines()) == {
        "        NewQueue: !GetAtt NewQueue.QueueName",
        "        NewDeadLetterQueue: !GetAtt NewDeadLetterQueue.QueueName",
        "        ApiNewFunction: !Ref ApiNewFunction",
    }
    assert len(lines) == len(text.splitlines()) + 3


def test_stale_alarms_are_named_with_what_writes_them(
    grown: Template, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alarms, "load", lambda _: grown)

    assert alarms.main(["--check"]) == 1
    assert capsys.readouterr().err == "stale: infra/alarms.yaml, template.yaml; run python -m infra.alarms\n"


def test_the_file_is_plain_yaml_without_aliases() -> None:
    tokens = yaml.scan(alarms.ALARMS.read_text(), yaml.SafeLoader)

    assert not any(isinstance(token, yaml.AliasToken | yaml.AnchorToken) for token in tokens)

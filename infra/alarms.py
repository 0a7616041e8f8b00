"""The alarms of everything in template.yaml: `python -m infra.alarms` writes them, `--check` fails when they are stale.

A queue, a function or a state machine gets its alarms by being in the template. They are a stack of their own, nested
in it, so two things are written: infra/alarms.yaml, and the parameters that template.yaml hands to it.
"""

import re
import sys
from collections.abc import Iterator

import yaml

from functions.api.authorizer.issuer_keys import ISSUER_SILENT
from functions.api.collect.rules import CANNOT_BE_READ
from infra.references import Dumper, Ref
from infra.template import Template, functions, load, resources
from infra.written import ROOT, write_or_check

TEMPLATE = ROOT / "template.yaml"
ALARMS = ROOT / "infra" / "alarms.yaml"
HANDED_OVER = re.compile(r"(\n  Alarms:\n(?:    [^\n]*\n)*?      Parameters:[^\n]*\n)(?:        [^\n]*\n)+")
GROUPS = {
    "AnsweringFunctionsFailing": ("Api",),
    "WorkingFunctionsFailing": ("Etl",),
    "RunningFunctionsFailing": ("Jobs", "Training"),
}
"""Each alarm, and how the names of the functions begin that it watches."""
LOGGED = {"SendingRulesUnreadable": CANNOT_BE_READ, "IssuerSilent": ISSUER_SILENT}
"""Each alarm, and the message in the functions' log that it listens for: nothing fails by it, and nobody would know."""
LOG_GROUP = "FunctionsLogGroup"
METRICS_PER_ALARM = 10
"""A hard limit: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html"""
PERIOD = 300


TOPIC = {
    "AlarmsTopic": {"Type": "AWS::SNS::Topic"},
    "AlarmsTopicPolicy": {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {
            "Topics": [Ref("AlarmsTopic")],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudwatch.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": Ref("AlarmsTopic"),
                        "Condition": {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
                    }
                ],
            },
        },
    },
    "AlarmsByEmail": {
        "Type": "AWS::SNS::Subscription",
        "Condition": "SomebodyListens",
        "Properties": {"TopicArn": Ref("AlarmsTopic"), "Protocol": "email", "Endpoint": Ref("AlarmEmail")},
    },
}


def alarms(template: Template) -> str:
    """Returns the text of infra/alarms.yaml."""
    stack = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "What wakes somebody up. Names come from template.yaml, which holds this as a nested stack.",
        "Parameters": {
            "AlarmEmail": {"Type": "String", "Default": ""},
            "OldestSeconds": {
                "Type": "Number",
                "Default": 900,
                "Description": "How long a message may wait before somebody is told",
            },
            **{name: {"Type": "String"} for name in parameters(template)},
        },
        "Conditions": {"SomebodyListens": {"Fn::Not": [{"Fn::Equals": [Ref("AlarmEmail"), ""]}]}},
        "Resources": {**TOPIC, **dict(_alarms(template)), **dict(_alarms_of_logs())},
    }
    text = yaml.dump(stack, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=200)
    return f"# Written by `make alarms` from what is in template.yaml.\n{text}"


def parameters(template: Template) -> dict[str, str]:
    """Returns the parameters that name what is watched, and where in template.yaml their values come from."""
    (api,) = resources(template, "AWS::Serverless::HttpApi")
    machines = resources(template, "AWS::Serverless::StateMachine")
    work, dead = _queues(template)
    names = {name: f"!GetAtt {name}.QueueName" for name in (*work, *dead)}
    return {
        "Api": f"!Ref {api}",
        LOG_GROUP: f"!Ref {LOG_GROUP}",
        **{name: f"!Ref {name}" for name in machines},
        **names,
        **{name: f"!Ref {name}" for name in functions(template)},
    }


def handing_over(text: str, template: Template) -> str:
    """Returns the text of template.yaml with the parameters of the alarms' stack as they should be."""
    given = {"AlarmEmail": "!Ref AlarmEmail", **parameters(template)}
    lines = "".join(f"        {name}: {value}\n" for name, value in given.items())
    return HANDED_OVER.sub(lambda found: found[1] + lines, text)


def _queues(template: Template) -> tuple[list[str], list[str]]:
    names = list(resources(template, "AWS::SQS::Queue"))
    dead = [name for name in names if name.endswith("DeadLetterQueue")]
    return [name for name in names if name not in dead], dead


def _alarms(template: Template) -> Iterator[tuple[str, object]]:
    work, dead = _queues(template)
    for queue in dead:  # nothing should ever be in one: fix the cause, then redrive
        waiting = _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue)
        name = f"{queue.removesuffix('DeadLetterQueue')}DeadLetters"
        yield name, _alarm(f"{queue} holds what failed for good", {**waiting, "Statistic": "Maximum", "Period": PERIOD})
    for queue in work:
        age = _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue)
        old = _alarm(
            f"the oldest message in {queue} waits too long",
            {**age, "Statistic": "Maximum", "Period": PERIOD},
            periods=2,
            threshold=Ref("OldestSeconds"),
        )
        yield f"{queue.removesuffix('Queue')}Waiting", old
    failed = {"Statistic": "Sum", "Period": PERIOD}
    yield "ApiFailing", _alarm("callers get 5xx answers", _metric("AWS/ApiGateway", "5xx", "ApiId", "Api") | failed)
    for machine in resources(template, "AWS::Serverless::StateMachine"):
        runs = _metric("AWS/States", "ExecutionsFailed", "StateMachineArn", machine)
        name = machine.removesuffix("StateMachine")
        yield f"{name}Failing", _alarm(f"a run of the state machine {name.lower()} failed", runs | failed)
    for group, beginnings in GROUPS.items():
        watched = [name for name in functions(template) if name.startswith(beginnings)]
        for start in range(0, len(watched), METRICS_PER_ALARM):
            name = f"{group}{start // METRICS_PER_ALARM + 1}" if start else group
            yield name, _functions_failing(watched[start : start + METRICS_PER_ALARM])


def _alarms_of_logs() -> Iterator[tuple[str, object]]:
    for name, message in LOGGED.items():
        metric = {"MetricNamespace": "Footfall", "MetricName": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}
        yield (
            f"{name}Filter",
            {
                "Type": "AWS::Logs::MetricFilter",
                "Properties": {
                    "LogGroupName": Ref(LOG_GROUP),
                    "FilterPattern": f'{{ $.message = "{message}" }}',
                    "MetricTransformations": [{**metric, "MetricValue": "1"}],
                },
            },
        )
        counted = {"Namespace": metric["MetricNamespace"], "MetricName": metric["MetricName"]}
        yield name, _alarm(message, {**counted, "Statistic": "Sum", "Period": PERIOD})


def _functions_failing(names: list[str]) -> object:
    total = {"Id": "failures", "Expression": "SUM(METRICS())"}
    each = [
        {
            "Id": name[0].lower() + name[1:].removesuffix("Function"),
            "ReturnData": False,
            "MetricStat": {
                "Stat": "Sum",
                "Period": PERIOD,
                "Metric": _metric("AWS/Lambda", "Errors", "FunctionName", name),
            },
        }
        for name in names
    ]
    told = ", ".join(name.removesuffix("Function") for name in names)
    return _alarm(f"one of {told} fails", {"Metrics": [total, *each]})


def _metric(namespace: str, name: str, dimension: str, parameter: str) -> dict[str, object]:
    dimensions = [{"Name": dimension, "Value": Ref(parameter)}]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}


def _alarm(description: str, watched: dict[str, object], periods: int = 1, threshold: Ref | int = 0) -> object:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            **watched,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [Ref("AlarmsTopic")],
            "OKActions": [Ref("AlarmsTopic")],
        },
    }


def main(arguments: list[str]) -> int:
    """Write the alarms, or with `--check` say whether the written ones are what the template means."""
    template = load(TEMPLATE)
    wanted = {ALARMS: alarms(template), TEMPLATE: handing_over(TEMPLATE.read_text(encoding="utf-8"), template)}
    return write_or_check(wanted, "infra.alarms", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

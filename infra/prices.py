"""The AWS list prices that an event's cost depends on, in US dollars, and the units that AWS meters by.

us-east-1, arm64, without free tiers and discounts, as known in November 2026. Look them up again
before relying on a figure.
"""

MILLION = 1_000_000
KIB = 1024
GIB = 1024**3

# https://aws.amazon.com/api-gateway/pricing/: HTTP APIs, the first 300 million a month, metered by 512 KB
HTTP_REQUEST = 1.00 / MILLION
HTTP_UNIT = 512 * KIB

# https://aws.amazon.com/lambda/pricing/: arm64, duration billed by the millisecond
INVOCATION = 0.20 / MILLION
GB_SECOND = 0.0000133334
# the same page: SnapStart for Python
SNAPSHOT_GB_SECOND = 0.0000015046
RESTORED_GB = 0.0001397998

# https://aws.amazon.com/sqs/pricing/: standard queues, by 64 KB; with message groups (fair queues) more
SQS_REQUEST = 0.40 / MILLION
FAIR_SQS_REQUEST = 0.50 / MILLION
SQS_UNIT = 64 * KIB
SQS_MESSAGES = 10
"""The most messages that one receive or delete moves."""
POLLERS = 5
POLL_SECONDS = 20
"""Lambda keeps this many long polls open at an idle queue, each this long: AWS' guide to SQS with Lambda."""

# https://aws.amazon.com/sns/pricing/: standard topics, by 64 KB; deliveries to SQS are free of SNS' own charge
SNS_REQUEST = 0.50 / MILLION

# https://aws.amazon.com/cloudwatch/pricing/: standard log class, collected
LOG_BYTE = 0.50 / GIB
ALARM_MONTH = 0.10
"""For each metric that an alarm watches."""

# https://aws.amazon.com/secrets-manager/pricing/
SECRET_MONTH = 0.40

# https://aws.amazon.com/privatelink/pricing/: an interface endpoint, in each zone; infra/network.yaml has three zones
ENDPOINT_HOUR = 0.01
ZONES = 3

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: so many MB buy one whole vCPU
MEGABYTES_PER_VCPU = 1769
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_INVOCATION = 6 * KIB * KIB
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html: platform.start and platform.report
PLATFORM_LOG_BYTES = 650

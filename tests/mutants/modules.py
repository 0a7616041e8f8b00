"""Which tests are to notice a change of which module: the quick ones first, as the first that fails ends the run."""

CORE = "layers/core/footfall"
EVENTS = "functions/etl/events"
_ERASED = ("tests/functions/jobs/test_erase.py", "tests/functions/api/test_rights.py")
_ORDERS = ("tests/layers/core/test_orders.py", "tests/layers/core/test_exchange.py")
_SESSIONS = ("tests/layers/core/test_sessions.py", "tests/layers/core/test_conversions.py")
_FUNNELS = ("tests/layers/core/test_funnels.py", "tests/layers/core/test_evidence.py")
_MARKS = ("tests/layers/core/test_anomalies.py", "tests/functions/api/test_funnel_trend.py")
_WHO = ("tests/functions/etl/test_identity.py", "tests/functions/etl/test_guests.py")
_CONVERSIONS = ("tests/functions/etl/test_conversions.py",)
_ARRIVAL = ("tests/functions/etl/test_order_of_arrival.py",)
_DAYS = ("tests/functions/jobs/test_stale_days.py::test_days_are_what_their_events_say_after_every_rollup",)
_FIGURES = (*_ARRIVAL, "tests/functions/etl/test_figures_agree.py", *_DAYS)
_REMOVED = ("tests/functions/etl/test_removed_events.py",)
_QUEUE = (
    "tests/functions/etl/test_events.py",
    "tests/functions/etl/test_ledger.py",
    "tests/functions/etl/test_replays.py",
)
_ODD = ("tests/functions/etl/test_unreadable.py", "tests/functions/etl/test_poison.py")

TESTS: dict[str, tuple[str, ...]] = {
    f"{CORE}/sessions/attribution.py": (
        "tests/layers/core/test_attribution.py",
        *_SESSIONS,
        *_CONVERSIONS,
        *_QUEUE[:1],
    ),
    f"{CORE}/sessions/conversions.py": (*_SESSIONS, *_CONVERSIONS, *_ARRIVAL, "tests/functions/api/test_metrics.py"),
    f"{CORE}/sessions/fold.py": (*_SESSIONS, *_QUEUE[:1], *_CONVERSIONS, "tests/functions/etl/test_realtime.py"),
    f"{CORE}/people/erased.py": _ERASED,
    f"{CORE}/people/erasing.py": _ERASED,
    f"{CORE}/people/fold.py": ("tests/layers/core/test_people.py", *_WHO, *_QUEUE[:1], *_ARRIVAL),
    f"{CORE}/people/identities.py": (
        "tests/layers/core/test_identities.py",
        *_WHO,
        *_CONVERSIONS,
        "tests/functions/api/test_customers.py",
    ),
    f"{CORE}/people/first_seen.py": ("tests/layers/core/test_first_seen.py",),
    f"{CORE}/people/links.py": ("tests/layers/core/test_links.py", "tests/functions/api/test_funnel.py"),
    f"{CORE}/people/profiles.py": (
        "tests/functions/api/test_dimensions.py",
        "tests/functions/api/test_funnel_dimensions.py",
    ),
    f"{CORE}/people/remnants.py": _REMOVED,
    f"{CORE}/people/saved_segments.py": ("tests/functions/api/test_saved_segments.py",),
    f"{CORE}/people/searching.py": (
        "tests/layers/core/test_segment_conditions.py",
        "tests/functions/api/test_customer_search.py",
    ),
    f"{CORE}/people/segment_conditions.py": (
        "tests/layers/core/test_segment_conditions.py",
        "tests/functions/api/test_saved_segments.py",
    ),
    f"{CORE}/people/mentions.py": _ERASED,
    f"{CORE}/people/numbers.py": (*_WHO, "tests/functions/jobs/test_rollup.py", "tests/functions/api/test_funnel.py"),
    f"{CORE}/orders/exchange.py": (*_ORDERS, "tests/functions/api/test_rates.py"),
    f"{CORE}/orders/fold.py": (*_ORDERS, "tests/functions/etl/test_orders.py", *_ARRIVAL),
    f"{CORE}/orders/sources.py": (*_ORDERS, "tests/functions/etl/test_public_key.py"),
    f"{EVENTS}/alone.py": ("tests/functions/etl/test_public_key.py",),
    f"{CORE}/orders/log.py": ("tests/functions/api/test_customers.py", "tests/functions/etl/test_vectors.py"),
    f"{CORE}/orders/purchases.py": (
        "tests/layers/core/test_purchases.py",
        *_ORDERS,
        *_SESSIONS,
        "tests/functions/api/test_definitions.py",
        "tests/functions/api/test_order_currencies.py",
        "tests/functions/api/test_metrics.py",
        "tests/functions/api/test_customers.py",
    ),
    f"{CORE}/orders/refunds.py": (*_ORDERS, "tests/functions/etl/test_orders.py"),
    f"{CORE}/orders/remnants.py": _REMOVED,
    f"{CORE}/orders/tellings.py": (*_ORDERS, "tests/functions/etl/test_orders.py", *_ARRIVAL),
    f"{CORE}/funnels/anomalies.py": _MARKS,
    f"{CORE}/funnels/chains.py": ("tests/layers/core/test_chains.py", "tests/functions/api/test_funnel_chains.py"),
    f"{CORE}/funnels/columns.py": (*_FUNNELS, "tests/functions/api/test_funnel.py"),
    f"{CORE}/funnels/engine.py": (*_FUNNELS, "tests/functions/api/test_funnel.py"),
    f"{CORE}/funnels/following.py": (*_FUNNELS, "tests/functions/api/test_funnel.py"),
    f"{CORE}/funnels/evidence.py": (*_FUNNELS, *_MARKS),
    f"{CORE}/funnels/rollup.py": (*_FUNNELS, "tests/functions/jobs/test_rollup.py"),
    f"{CORE}/funnels/segmentation.py": (*_FUNNELS, "tests/functions/api/test_funnel.py"),
    f"{CORE}/funnels/steps.py": (*_FUNNELS, "tests/functions/api/test_funnel_steps.py"),
    f"{CORE}/funnels/summary.py": (*_FUNNELS, "tests/functions/api/test_funnel.py", *_MARKS),
    f"{CORE}/funnels/bins.py": (*_FUNNELS, "tests/functions/api/test_funnel_modes.py"),
    f"{CORE}/funnels/value.py": (*_FUNNELS, "tests/functions/api/test_funnel_value.py"),
    f"{CORE}/funnels/totals.py": ("tests/layers/core/test_totals.py", "tests/functions/api/test_funnel_parts.py"),
    f"{CORE}/funnels/lift.py": ("tests/layers/core/test_lift.py", "tests/functions/api/test_dropoff_counts.py"),
    f"{CORE}/funnels/stays.py": ("tests/layers/core/test_stays.py", "tests/functions/api/test_dropoff_counts.py"),
    f"{CORE}/funnels/tally.py": (*_FUNNELS, "tests/functions/jobs/test_rollup.py"),
    f"{EVENTS}/archived.py": ("tests/functions/etl/test_archived_days.py",),
    f"{EVENTS}/restoring.py": ("tests/functions/jobs/test_restoring.py",),
    f"{EVENTS}/batch.py": (*_QUEUE, *_ODD),
    f"{EVENTS}/conversions.py": (*_CONVERSIONS, *_WHO, *_FIGURES),
    f"{EVENTS}/derived.py": (
        "tests/functions/etl/test_derived.py",
        *_ARRIVAL,
        "tests/functions/jobs/test_stale_days.py",
    ),
    f"{EVENTS}/exchange.py": ("tests/functions/api/test_rates.py",),
    f"{EVENTS}/feedback.py": ("tests/functions/etl/test_feedback.py",),
    f"{EVENTS}/handler.py": (*_QUEUE, *_ODD),
    f"{EVENTS}/ledger.py": _QUEUE,
    f"{EVENTS}/orders.py": ("tests/functions/etl/test_orders.py", *_WHO, *_CONVERSIONS, *_REMOVED, *_FIGURES),
    f"{EVENTS}/people.py": (*_WHO, *_QUEUE[:1], *_REMOVED, *_FIGURES),
    f"{EVENTS}/replays.py": _QUEUE,
    f"{EVENTS}/sessions.py": (*_QUEUE[:1], *_CONVERSIONS, *_WHO, *_FIGURES),
    f"{EVENTS}/settling.py": (*_QUEUE[:1], *_CONVERSIONS, *_FIGURES),
    f"{EVENTS}/stale.py": (
        "tests/functions/jobs/test_retention.py",
        *_QUEUE[:1],
        "tests/functions/jobs/test_stale_days.py",
    ),
    f"{EVENTS}/steps.py": (*_QUEUE, *_ODD, *_CONVERSIONS, "tests/functions/etl/test_realtime.py", *_FIGURES),
    f"{EVENTS}/store.py": (*_QUEUE, *_ARRIVAL),
    f"{EVENTS}/suspects.py": _QUEUE[:1],
}

"""Keys of one site share a slot of a Redis in cluster mode."""

from datetime import date

import pytest
from footfall.stores import keys
from footfall.stores.keys import Key
from redis import Redis
from redis.crc import key_slot
from redis.exceptions import ClusterCrossSlotError


def keys_of(site_id: str) -> list[Key]:
    answer = keys.answer_key(keys.FUNNEL, site_id, "{other}?")
    return [
        answer,
        keys.turn_key(answer, "1"),
        keys.session_key(site_id, "{other}:s"),
        keys.active_user_key(site_id, "}ann{"),
        keys.realtime_users_key(site_id),
        keys.realtime_metrics_key(site_id),
        keys.live_sessions_key(site_id),
        keys.live_events_key(site_id),
        keys.live_since_key(site_id),
        keys.similar_users_key(site_id, "{ann}", "20"),
        keys.counts_key(site_id, date(2026, 3, 1)),
    ]


def test_keys_of_a_site_are_in_one_slot_whatever_else_they_name() -> None:
    assert len({key_slot(key.text.encode()) for key in keys_of("roma")}) == 1
    assert {key.site_id for key in keys_of("roma")} == {"roma"}


def test_every_kind_of_key_is_looked_at_here() -> None:
    makers = [name for name, made in vars(keys).items() if getattr(made, "__annotations__", {}).get("return") is Key]
    assert len(makers) == len(keys_of("roma"))


def test_a_redis_in_cluster_mode_refuses_several_slots_and_takes_several_keys_of_a_site(
    redis_in_cluster_mode: str,
) -> None:
    with Redis.from_url(redis_in_cluster_mode) as redis:
        with pytest.raises(ClusterCrossSlotError):
            redis.mget(["session:roma:1", "session:roma:2"])
        assert redis.mget([key.text for key in keys_of("roma")]) == [None] * len(keys_of("roma"))
        assert redis.unlink(*(key.text for key in keys_of("roma"))) == 0

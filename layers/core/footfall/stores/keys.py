"""Every Redis key, and how long what is under it lives.

A site stands in braces. A Redis in cluster mode, as the serverless caches of ElastiCache are, then has all keys of one
site in one slot, and one command may take several of them (https://redis.io/docs/latest/commands/cluster-keyslot/).
"""

import hashlib
from dataclasses import dataclass
from datetime import date

from footfall.clock import now
from footfall.days import DayRange, day_of

HOUR, DAY = 3_600, 86_400
MOST_LIVE_SESSIONS = 10_000
"""So many live sessions of a site are listed, the newest."""
MOST_LIVE_EVENTS = 20

DASHBOARD, ANALYTICS, FUNNEL, SENTIMENT, WEB_VITALS, SIMILAR_USERS, TRENDING = (
    "metrics:dashboard",
    "metrics:analytics",
    "metrics:funnel",
    "query:sentiment",
    "query:web_vitals",
    "query:similar_users",
    "query:trending",
)
REMEMBERED = {
    "dashboard": DASHBOARD,
    "analytics": ANALYTICS,
    "funnel": FUNNEL,
    "sentiment": SENTIMENT,
    "web_vitals": WEB_VITALS,
    "similar_users": SIMILAR_USERS,
    "trending": TRENDING,
}
"""The kinds of remembered answers, and how their keys begin before the site; all else in Redis is live activity."""


@dataclass(frozen=True)
class Key:
    """A key, and how many seconds what is under it lives."""

    text: str
    seconds: int

    @property
    def kind(self) -> str:
        """How the key begins: its two first words."""
        return ":".join(self.text.split(":")[:2])

    @property
    def site_id(self) -> str:
        """Whose key it is: what stands in the first braces."""
        return self.text.partition("{")[2].partition("}")[0]


def is_of_site(text: str, site_id: str) -> bool:
    """Returns whether a key is of what is kept of a site."""
    return text.startswith(f"session:{site_id}:") or text.split(":")[2:3] == [site_id]


def answer_key(kind: str, site_id: str, question: str, seconds: int = DAY) -> Key:
    """Returns the key of the answer to a question of a kind; what is there says itself of which state it is."""
    return Key(f"{kind}:{in_braces(site_id)}:{_digest(question)}", seconds)


def turn_key(key: Key, version: str) -> Key:
    """Returns the key of whose turn it is to compute an answer of one version; who has it may take 10 seconds."""
    return Key(f"cache:turn:{in_braces(key.site_id)}:{_digest(f'{key.text} {version}')}", 10)


def lifetime(days: DayRange) -> int:
    """Returns how long the answer about a range is kept, in seconds: a day, an hour while its last day goes on."""
    return HOUR if days.last >= day_of(now(), days.zone) else DAY


def session_key(site_id: str, session_id: str) -> Key:
    """Returns the key of a live session's summary, for 30 minutes after its last event."""
    return Key(f"session:{in_braces(site_id)}:{session_id}", 1_800)


def active_user_key(site_id: str, person_id: str) -> Key:
    """Returns the key of the summary of the session somebody is in, for 5 minutes after its last event."""
    return Key(f"user:active:{in_braces(site_id)}:{person_id}", 300)


def realtime_users_key(site_id: str) -> Key:
    """Returns the key of who did something in the last minute: a sorted set of person ids by Unix milliseconds."""
    return Key(f"realtime:users:{in_braces(site_id)}", 60)


def realtime_metrics_key(site_id: str) -> Key:
    """Returns the key of the figures of the last minute, for 30 seconds."""
    return Key(f"metrics:realtime:{in_braces(site_id)}", 30)


def live_sessions_key(site_id: str) -> Key:
    """Returns the key of which sessions are live, bots left out: a sorted set of their ids by their end in Unix ms."""
    return Key(f"realtime:sessions:{in_braces(site_id)}", 1_800)


def live_events_key(site_id: str) -> Key:
    """Returns the key of the newest events, bots left out: a sorted set of what is told of each by Unix ms."""
    return Key(f"realtime:events:{in_braces(site_id)}", 1_800)


def live_since_key(site_id: str) -> Key:
    """Returns the key of since when all is in the live view, in Unix ms; it ends when nothing is shown for 5 minutes.

    By then news that could not be shown may have been let go.
    """
    return Key(f"realtime:since:{in_braces(site_id)}", 300)


def similar_users_key(site_id: str, person_id: str, question: str) -> Key:
    """Returns the key of who behaves like somebody, for 10 minutes."""
    return Key(f"{similar_users_prefix(site_id, person_id)}{_digest(question)}", 600)


def similar_users_prefix(site_id: str, person_id: str) -> str:
    """Returns how every key of an answer about one person begins."""
    return f"{SIMILAR_USERS}:{in_braces(site_id)}:{_digest(person_id)}:"


def counts_key(site_id: str, day: date) -> Key:
    """Returns the key of how often answers of each kind were looked for, and missed, on one day (UTC); for 8 days."""
    return Key(f"cache:counts:{in_braces(site_id)}:{day}", 8 * DAY)


def in_braces(site_id: str) -> str:
    """Returns how keys name their site."""
    return f"{{{site_id}}}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

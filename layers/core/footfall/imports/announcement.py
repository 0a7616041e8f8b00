"""Where an import's uploads and its announcement are, and what is known of an import that has not started."""

from footfall.schemas.imports import Announcement, FileDocument, ImportDocument

MAX_ANNOUNCEMENT_BYTES = 262_144
"""More than twenty files and a hundred columns with the longest names take, each letter of them escaped."""


def uploads_of(site_id: str) -> str:
    """Returns how the names of all that a site has uploaded begin."""
    return f"uploads/{site_id}/"


def uploads_folder(site_id: str, import_id: str) -> str:
    """Returns the folder of S3 that one import of a site is uploaded to."""
    return f"{uploads_of(site_id)}{import_id}"


def announcement_key(site_id: str, import_id: str) -> str:
    """Returns where an import's announcement is: under a name that no uploaded file can have, nor start an import."""
    return f"{uploads_folder(site_id, import_id)}/_announcement.json"


def waiting_import(site_id: str, import_id: str, announcement: Announcement) -> ImportDocument:
    """Returns an import that waits for its files."""
    return ImportDocument(
        _id=f"{site_id}:{import_id}",
        site_id=site_id,
        import_id=import_id,
        kind=announcement.kind,
        state="queued",
        files=[FileDocument(name=file.name, size=file.size) for file in announcement.files],
        options=announcement.options.model_dump(exclude_none=True),
        rows_read=0,
        rows_sent=0,
        rows_repeated=0,
        rows_quarantined=0,
        events_sent=0,
        first_day=None,
        last_day=None,
        reasons={},
        problems=[],
        checkpoint=None,
        holder=None,
        attempts=0,
        error=None,
        created_at=announcement.created_at,
        started_at=None,
        updated_at=announcement.created_at,
        finished_at=None,
    )

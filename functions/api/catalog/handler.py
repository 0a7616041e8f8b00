"""api/catalog: products, people and their interests, and files to import."""

from typing import Annotated

from fastapi import Path, status
from footfall.http.app import ReadSite, WriteSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.imports.kinds import check_names, check_options
from footfall.schemas.imports import IMPORT_ID
from footfall.stores.mongo import answering

from . import products, users
from .answers import ImportOut, ImportRequest, UploadsOut
from .queries import announce, find
from .uploads import upload_addresses

ImportId = Annotated[
    str,
    Path(pattern=IMPORT_ID, description="As it was given when it was announced", examples=["9f86d081884c7d65"]),
]

app = create_app("catalog", AuditedRoute)
app.include_router(products.router)
app.include_router(users.router)


@app.post("/api/imports", status_code=status.HTTP_201_CREATED, summary="Announce files to import")
def post_import(request: ImportRequest, site_id: WriteSite) -> UploadsOut:
    """Announce files to import; returns an address to upload each to. The import starts when `manifest.json` arrives.

    The manifest, `{"kind": …, "files": [names]}`, is uploaded last. The answer to an upload comes from S3.
    """
    check_names(request.kind, [file.name for file in request.files])
    check_options(request.kind, request.options)
    import_id = announce(site_id, request)  # durable before anybody can upload
    uploads = upload_addresses(site_id, import_id, request.files)
    return UploadsOut(import_id=import_id, kind=request.kind, state="queued", uploads=uploads)


@app.get("/api/imports/{import_id}", summary="How far an import is")
def get_import(import_id: ImportId, site_id: ReadSite) -> ImportOut:
    """Returns how many rows were read, sent, repeated and quarantined, and how many of their events are stored.

    An import is done when every row is dealt with; its events are queryable when `events_stored` and `events_refused`
    add up to `events_sent`.
    """
    with answering():
        return find(site_id, import_id)


handler = as_lambda(app)

"""The page about the API, made from its description: ``docs/api.md``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from supplynet.api.app import create_app
from supplynet.services.books import open_books
from supplynet.storage import init_workspace

Json = dict[str, Any]
_TOP = """\
# The API

Everything that the command line does can be done over HTTP below `/api/v1`. The description in
OpenAPI 3.1, with an example of every body, is served at `/api/v1/openapi.json`. This page is made
from it: `python -m supplynet.api.reference_page > docs/api.md`.

## What holds everywhere

- **Who asks**: a token, `Authorization: Bearer sn_...`, or the session cookie of a page with
  `X-CSRF-Token` on every write. Who may do what is in [roles.md](roles.md).
- **Lists** come in pages: ask again with `cursor` = `next_cursor` until that is null. Unknown
  parameters and fields are refused (422); nothing is converted.
- **What went wrong** is a problem body (RFC 9457), `application/problem+json`.
- **Sending again**: with an `Idempotency-Key` a write is done once and answered alike for a week.
  The same key with other content is refused (409), and so is one whose first request has not ended.
- **Not overwriting others**: what people edit (orders, alerts, anomalies, automation, the aliases
  of models, users) has an `ETag`. A write with `If-Match` is refused (412) when it was changed
  meanwhile; the check and the write are one transaction.
- **Many at once**: `/orders/bulk` and `/alerts/bulk` take up to 200 items, each by itself, or with
  `all_or_nothing` all of them or none. The answer has a status and a problem for each.
- **Long work** is a job (202, `Location`): `GET /jobs/{job_id}` tells its progress and its result,
  `POST /jobs/{job_id}/cancel` stops it.
- **What changed**: `/stream` tells it as it happens, `/changes?after=N` page by page with the ids;
  `gap` says that too much was missed, and that all is to be read anew.

## From Python

`supplynet.client` has a method for each operation below, by its name, typed like its parameters
and body; it answers with the rows of the description.

```python
from supplynet.client import Client

with Client("https://plant:8321", token="sn_...") as plant:
    for order in plant.each.list_orders(state="proposed"):  # every page, row by row
        plant.approve_order(order.order_id, reason="seen", if_match=order)
    job = plant.wait(plant.retrain_all_models(), progress=lambda job: print(job.progress))
    for change in plant.changes(after=plant.get_health().change):  # for ever
        print(change.seq, change.kinds)
```

- Reads, and writes with an `Idempotency-Key`, are sent again when no answer comes or the server is
  busy: four times at most, after as long as `Retry-After` says. The key is made once for each call;
  give one (`idempotency_key=`) where your program itself may start over. Others are sent once.
- What is refused is raised as an error of `supplynet.errors`: `NotFound`, `NotAllowed`,
  `InvalidInput`, `VersionMoved`, ...; all are `supplynet.client.Refused`, with `status`, `detail`
  and `request_id`. `ConnectorError` says that no answer came.
- `if_match=` takes the row that a change is decided on. `sign_in` takes the place of a token, and
  sends the CSRF token with every write. Files go out from a path and come back as a `File`.
- Certificates are always checked; `ca_file=` names those of a plant of your own. Another machine is
  asked without TLS only with `insecure=True`. Redirects and proxies are not followed.

[api_client.py](../examples/api_client.py) is a program that runs. The methods are made from the
description: `python -m supplynet.client.generate` after every change of the API.

## Importing a file

```
curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: text/csv" --data-binary @sales.csv \\
  "$SERVER/api/v1/imports?name=sales.csv&map=part_id=sku&lead_time_days=2"
curl -H "Authorization: Bearer $TOKEN" -X POST "$SERVER/api/v1/imports/$IMPORT_ID/take"
```

The first call looks at every cell and takes nothing: its answer has the columns as they were
recognised, what would be new or changed, and the first 1,000 mistakes by row and column; all of
them are at `/imports/{import_id}/problems`. The second queues the job that takes the file in, once
however often it is asked for. A file is kept for a day. Archives are unpacked and counted before
anything reads them; what unpacks to more than 2 GB is refused.

## Operations

Reach: `open` needs no one to sign in; `own` is one's own account; `any` belongs to no site; `rows`
are those of one's sites; an `object` of another site is not found; `plant` needs the permission for
the whole plant.

| operation | method and path | permission | reach |
| --- | --- | --- | --- |
"""


def page(document: Json) -> str:
    """The page about the API that ``document`` describes."""
    rows = [
        f"| `{each['operationId']}` | {method.upper()} `{path.removeprefix('/api/v1')}` | "
        f"{_permission(each)} | {each['x-reach']} |"
        for path, methods in sorted(document["paths"].items())
        for method, each in methods.items()
    ]
    return _TOP + "\n".join(rows) + "\n"


def _permission(operation: Json) -> str:
    name = operation.get("x-permission")
    return f"`{name}`" if name else ""


def main() -> None:
    """Print the page; the workspace that it takes is gone afterwards."""
    with TemporaryDirectory() as folder:
        init_workspace(Path(folder))
        books = open_books(Path(folder))
        sys.stdout.write(page(create_app(books).openapi()))
        books.store.close()


if __name__ == "__main__":
    main()

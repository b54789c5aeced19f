"""The built pages, served as files; their source is the folder ``ui`` of the repository."""

from __future__ import annotations

import os
from pathlib import Path

# Plain HTML: a strict content security policy would refuse styles written into the page.
_MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>SupplyNet - pages not built</title>
</head>
<body>
<main>
<h1>SupplyNet is running, its pages are not built</h1>
<p>This copy was installed from a source checkout while the npm registry could not be reached.
Everything but the pages works: the API under <code>/api/v1</code> and the command line.</p>
<p>To build the pages, run <code>pip install -e .</code> again with a connection to the registry,
or, with Node.js at hand, <code>npm ci</code> and <code>npm run build</code> in the folder
<code>ui</code>. Then reload this page.</p>
</main>
</body>
</html>
"""


def static_folder() -> Path | None:
    """Folder of the built pages (``index.html``, ``assets/``), or None when they were not built.

    ``SUPPLYNET_PAGES`` names another one, for those who work on the pages.
    """
    folder = Path(os.environ.get("SUPPLYNET_PAGES") or Path(__file__).parent / "static")
    return folder if (folder / "index.html").is_file() else None


def missing_page() -> str:
    """The HTML to serve at ``/`` when `static_folder` is None: says what to do."""
    return _MISSING

"""Pages as PDF, tagged for screen readers (PDF/UA-1), the same bytes for the same page.

WeasyPrint and the libraries that it needs are loaded when the first PDF is made: a site without them runs, and
only its PDFs are missing.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from privacy.core.errors import PrivacyError

_STATIC = Path(__file__).resolve().parent.parent / "static"
_STYLE = "privacy/pdf.css"


class PdfUnavailable(PrivacyError):
    """WeasyPrint, or a library that it needs, is not installed here."""

    def __init__(self) -> None:
        super().__init__(
            field="weasyprint",
            problem="no PDF can be made here",
            mend="Install the extra [pdf], and Pango (on Debian: libpango-1.0-0 and libpangoft2-1.0-0)",
        )


def pdf_installed() -> bool:
    """Whether WeasyPrint is there at all: pages offer no PDF where it is not. Nothing is loaded to find out."""
    return find_spec("weasyprint") is not None


def pdf_of(html: str, *, style: str = "") -> bytes:
    """A whole HTML page, with ``lang`` and ``title``, as PDF/UA-1 in our own style.

    It reaches for nothing outside: no picture, no font and no style from any address.

    Args:
        style: a style sheet of ours that comes on top, by its name below ``static``.

    Raises:
        PdfUnavailable: WeasyPrint cannot be loaded.
    """
    weasyprint = _weasyprint()
    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=html, url_fetcher=nothing)
    made: bytes = page.write_pdf(
        stylesheets=[
            weasyprint.CSS(string=(_STATIC / name).read_text(encoding="utf-8"), url_fetcher=nothing)
            for name in (_STYLE, style)
            if name
        ],
        pdf_variant="pdf/ua-1",
        pdf_identifier=identifier,
    )
    return made


@cache
def _weasyprint() -> Any:
    try:
        import weasyprint
        import weasyprint.urls
    except (ImportError, OSError):  # an OSError where the package is there, and Pango is not
        raise PdfUnavailable from None
    return weasyprint

"""For the container's health check: 0 when the server in it is ready, over http or over its own https."""

import os
import ssl
import sys
import urllib.request

port = os.environ.get("BEIYU_PORT", "8000")
scheme = "https" if os.environ.get("BEIYU_TLS") == "auto" or os.environ.get("BEIYU_TLS_CERT") else "http"
itself = ssl.create_default_context()
itself.check_hostname, itself.verify_mode = False, ssl.CERT_NONE  # it asks itself, over its own loop
try:
    with urllib.request.urlopen(f"{scheme}://127.0.0.1:{port}/health/ready", timeout=4, context=itself) as answer:  # noqa: S310
        sys.exit(0 if answer.status == 200 else 1)
except OSError:
    sys.exit(1)

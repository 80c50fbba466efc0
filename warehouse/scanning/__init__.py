"""From a scanned string to a receipt: read, resolve, decide, post; every scan is stored, refused ones too."""

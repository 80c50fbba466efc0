"""Alerts: what is wrong or will be, told to whoever can mend it, until it is mended."""

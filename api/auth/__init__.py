"""Who is calling: cookies and tokens in, a `Caller` and a `Stamp` out. Deny by default."""

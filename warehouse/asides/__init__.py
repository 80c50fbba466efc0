"""Work put aside (暂存): half-done receipts, put-aways and picks, kept by name to be gone on with later."""

"""The decisions of exchange, pure: bytes to cells, cells to tables, tables to rows with a verdict.

They run in a worker process (`api.importing`), never in the serving loop.
"""

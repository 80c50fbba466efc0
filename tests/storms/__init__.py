"""Many rivals, several processes, one ledger: what must hold whoever comes first."""

"""The sourcing engine: who sends what to whom, exactly or greedily, each line with its reasons. Pure; no database."""

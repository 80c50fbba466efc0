"""Who may come in, and what they may do where: people, roles, sessions, tokens, log-ins."""

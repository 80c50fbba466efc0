"""Reports: what a mayor reads, put together from what others know."""

"""Provision (配备): what each place must hold against what is there, comes and is promised."""

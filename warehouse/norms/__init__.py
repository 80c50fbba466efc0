"""How much a place must hold: the minimum-stock rules, and why a figure is what it is."""

"""Store: the DuckLake warehouse, its vintages and its upkeep."""

"""Speed as ratios within one run on one machine, with peak memory; nothing here is asserted."""

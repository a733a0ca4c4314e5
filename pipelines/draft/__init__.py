"""Draft a contract from a file nobody has described yet: look at it, propose, try the proposal, leave the rest open."""

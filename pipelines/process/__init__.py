"""Process: harmonise a delivery to tidy columns and validate it."""

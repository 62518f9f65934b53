"""Pure: whose turn it is."""

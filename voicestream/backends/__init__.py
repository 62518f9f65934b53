"""One file for each outside thing. Nothing here imports its neighbour."""

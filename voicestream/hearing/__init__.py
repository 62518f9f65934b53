"""Pure: from frames and hypotheses to what was said."""

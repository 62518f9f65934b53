"""Pure: from deltas to sentences, spoken text and what was heard."""

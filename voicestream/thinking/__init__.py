"""Pure: history, payloads of the protocols, tools."""

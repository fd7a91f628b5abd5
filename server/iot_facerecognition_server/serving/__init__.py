"""The network side: thin shells around sessions and engine."""

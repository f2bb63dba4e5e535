"""The only door: REST and SSE for browsers and programs; it knows commands' shapes and no game's rules."""

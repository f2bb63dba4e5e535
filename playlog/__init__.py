"""The command line that starts, watches and asks Playlog."""

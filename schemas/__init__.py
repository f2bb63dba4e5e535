"""The words every service shares: commands, events, outcomes, views, topics, keys and the log's reader rule."""

"""A model of the outcome log: the real rules, driven by random schedules of faults over virtual everything."""

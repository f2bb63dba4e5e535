"""A player's side of the HTTP interface, light on CPU: for the demo, the measurements and the fault tests."""

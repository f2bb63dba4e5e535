"""The engine: owns partitions of commands, judges each command once and appends its outcome."""

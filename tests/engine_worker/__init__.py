"""Tests of the engine: deciders by sentences and laws, one partition in an owner's hands, timers, restore."""

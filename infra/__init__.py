"""The machinery: settings, stores, HTTP, logs, metrics, health. It knows no words of any domain."""

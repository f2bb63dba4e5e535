"""Every part killed, stalled or emptied under load on the real stack; then log and stores are compared."""

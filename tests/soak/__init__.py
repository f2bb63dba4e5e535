"""The long proofs: a million moves among random deaths and stalls, and hundreds of restarts that leak nothing."""

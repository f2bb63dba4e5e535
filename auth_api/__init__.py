"""Identity: who a player is, and the tokens that say so."""

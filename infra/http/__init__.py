"""What every HTTP service needs: a server, strict bodies, problem answers, tokens, limits."""

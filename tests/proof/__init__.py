"""The proof: what a run left behind, judged by a checker that shares no code with the product."""

"""HTTP towards the outside, dialers and CRMs: exchanges and what came of them, tokens, an end to everything."""

"""The benchmark: what Wrapup is measured against, in the same run, on the same machine. Nothing of the product imports it."""

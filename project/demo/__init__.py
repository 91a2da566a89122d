"""The demonstration: a co-op with a past, its promise ledger before and after a real night."""

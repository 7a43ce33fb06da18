"""Verify: sampled programs are executed and checked against the rules."""

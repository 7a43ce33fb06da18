"""Verification: which sampled programs keep the rules."""

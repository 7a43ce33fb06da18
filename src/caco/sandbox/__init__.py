"""The sandbox: untrusted programs, executed in nsjail under limits.

Used by stages and preflight; imports `caco.config` and what is below it.
"""

"""The sandbox: untrusted programs, executed under limits."""

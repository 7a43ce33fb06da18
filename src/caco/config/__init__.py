"""The configuration: one frozen pydantic model a section; an unknown key is an error.

Imports only the root modules; every layer above may import it.
"""

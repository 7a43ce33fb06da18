"""The problem families: to add one, enter it in the table of the module that it fits.

Numbers, and answers where it has the family, come from reasoning-gym with small-number settings;
wordings, programs and worked solutions are our own. reasoning-gym's wordings carry formatting
instructions and stray numbers ("How many 1 bits"), which a seed must not.
"""

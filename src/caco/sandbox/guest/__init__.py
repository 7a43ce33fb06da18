"""What runs inside the jail: a warm parent and, for each program, a child of it.

The jail sees this folder and no other of ours. Every import costs each program: a fork copies what
the parent has loaded. So nothing is imported here but what is built in, or tiny.
"""

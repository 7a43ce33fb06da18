"""Text that stages share: numbers, answers, prompts and chat turns, with one reader of each.

Imports the root modules alone; stages and what they use may import it.
"""

"""Training: examples, tokens and the trainer of the code generator, the writer and the student.

Used by scripts; imports `caco.models`, the prompts of `caco.stages.reverse` and what is below them.
"""

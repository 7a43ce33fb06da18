"""Training: examples, tokens and the trainer of the code generator, the writer and the student.

Used by scripts; imports `caco.models`, `caco.stages.reverse.prompts` and what is below them.
"""

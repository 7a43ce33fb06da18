"""Models: manifests of checkpoints, where they come from, their tokenizers.

Used by engines, training and stages. Imports `caco.config`, `caco.text` and what is below them.
"""

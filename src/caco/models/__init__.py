"""Models: checkpoints from their sources, manifests of checkpoints, tokenizers.

Used by engines, training and stages. Imports `caco.config`, `caco.text` and what is below them.
"""

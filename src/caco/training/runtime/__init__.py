"""Running a fine-tuning: arguments, launch, checkpoints, preemption and progress.

It does not affect the weights, so no code digest covers it.
"""

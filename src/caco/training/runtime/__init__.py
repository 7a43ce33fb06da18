"""What surrounds a training: its arguments, launch, checkpoints, preemption and progress.

Decides no weight, so no code digest covers it.
"""

"""Fine-tuning of the code generator, the writer and the student."""

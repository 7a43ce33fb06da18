"""The judging model's prompt and its reply: apart, so that they re-run no other rule."""

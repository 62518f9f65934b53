"""What the commands run: conversation, demo, listen, say. Heavy imports begin here, and not in commands/."""

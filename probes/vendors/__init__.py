"""What the vendors of rooms services call things: their questions, answers, errors and signatures."""

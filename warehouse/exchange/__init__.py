"""Import that teaches: messy tables in, a verdict per row, what is vague asked, what is precise applied."""

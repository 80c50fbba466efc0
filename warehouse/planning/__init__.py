"""What is planned ahead: scenarios and proposals. A package per document."""

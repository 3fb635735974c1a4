"""What is trained: LightningModules, and the loop that they share."""

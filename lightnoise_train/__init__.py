"""Train against light noise and judge it: SimCLR pretraining, lane fine-tuning, and the robustness benchmark."""

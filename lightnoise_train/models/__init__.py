"""Networks: encoder, projector, lane segmenter, and where their weights come from."""

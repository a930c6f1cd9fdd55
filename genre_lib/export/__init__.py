"""From a trained Keras network to a bundle, every runtime held to its golden values."""

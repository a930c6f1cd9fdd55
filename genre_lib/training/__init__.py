"""Training a network: recipes, batches, augmentation, distillation from taggers, and runs that survive a kill."""

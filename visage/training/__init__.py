"""Trains a network: `train.py` is the entry, `settings.py` the recipe, `loop.py` the steps, `job.py` a whole training.

`train_and_export.py` goes on to the SavedModel.

| folder | what |
|---|---|
| `recipe/` | the parts of the settings, and overriding them |
| `objective/` | labels, losses, metrics |
| `optimization/` | optimizer, learning rate, plateau; Keras's private names |
| `features/` | freezing, and training a head on cached features |
| `augmentation/`, `distillation/` | random changes of the images; a teacher |
| `search/` | the search for values of the recipe |
| `reports/` | progress and TensorBoard |
"""

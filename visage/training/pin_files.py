"""The files that a recipe reads: named so that any folder finds them, with digests for the keys of caches."""

from __future__ import annotations

from visage.faces.settings import AlignmentSettings
from visage.files import digest_of
from visage.training.distillation.teacher import check_teacher, find_teacher
from visage.training.settings import TrainerSettings


def pin_files(settings: TrainerSettings, alignment: AlignmentSettings) -> tuple[TrainerSettings, dict[str, str]]:
    """Returns the recipe with absolute paths of its weights and its teacher's newest version, and both digests.

    Raises:
        VisageError: the recipe's teacher does not exist, or cannot teach the recipe's network.
    """
    files = {}
    weights = settings.weights
    if settings.weights_file is not None:
        file = settings.weights_file.resolve()
        weights = {**weights, "faceres": str(file)} if isinstance(weights, dict) else str(file)
        if file.exists():
            files["weights"] = digest_of(file)
    distillation = settings.distillation
    if distillation.teacher is not None:
        teacher = find_teacher(distillation.teacher, alignment)
        check_teacher(teacher, settings, alignment)
        files["teacher"] = digest_of(teacher)
        distillation = distillation.model_copy(update={"teacher": str(teacher)})
    return settings.model_copy(update={"weights": weights, "distillation": distillation}), files

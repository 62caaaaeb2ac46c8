"""Describes the rules that drop records, in FaceExampleGen's order."""

RULES = {
    "record_unreadable": "the prepared record cannot be read",
    "low_face_score": "the source's detector score is too low",
    "second_face": "the source's detector found a second face",
    "identity_unknown": "the source names nobody",
    "gender_unknown": "the source gives no gender",
    "age_unknown": "the source gives no age, or no exact one",
    "age_out_of_range": "the age is outside the configured range, or impossible",
    "label_unknown": "neither age nor gender is known",
    "outside_protocol": "the protocol excludes this age",
    "fold_unknown": "the source publishes no fold for the record",
    "picture_undecodable": "truncated, or no image",
    "no_face": "our detector finds no face",
    "several_faces": "our detector finds several faces",
    "two_candidates": "our detector finds two candidates",
    "face_too_small": "the face is smaller than configured",
    "landmarks_unusable": "the eyes define no crop",
    "picture_failed": "another error in this image; the log has it",
    "duplicate_picture": "another record with the same image is kept",
    "conflicting_labels": "the same image has other labels elsewhere",
    "near_duplicate_in_other_split": "nearly the same image is in another split",
}


def in_order(names: set[str]) -> list[str]:
    """Returns `names` in the order of the rules; rules without a description come last."""
    return [rule for rule in RULES if rule in names] + sorted(names - RULES.keys())


def meaning(rule: str) -> str:
    """Returns a rule's description; '' if it has none."""
    return RULES.get(rule, "")

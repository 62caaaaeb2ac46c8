"""What a person reads of each rule that drops records, in the order in which FaceExampleGen asks them."""

RULES = {
    "record_unreadable": "the prepared record cannot be read",
    "low_face_score": "the source's detector was not sure enough of the face",
    "second_face": "the source's detector saw a second face",
    "identity_unknown": "the source does not say who it is",
    "gender_unknown": "the source gives no gender",
    "age_unknown": "the source gives no age in years",
    "age_out_of_range": "the age is outside the configured range, or impossible",
    "label_unknown": "neither age, age group nor gender is known",
    "outside_protocol": "the protocol leaves this age out",
    "fold_unknown": "the source publishes no fold for the record",
    "picture_undecodable": "truncated, or no picture",
    "no_face": "our detector finds no face",
    "several_faces": "our detector finds several faces",
    "two_candidates": "our detector finds two faces that may be meant",
    "face_too_small": "the face is smaller than configured",
    "landmarks_unusable": "no crop can be laid through the eyes",
    "picture_failed": "something else went wrong with this image; the log has it",
    "duplicate_picture": "another record with the very same image is kept",
    "conflicting_labels": "the very same image has other labels elsewhere",
    "near_duplicate_in_other_split": "nearly the same image is in another split",
}


def in_order(names: set[str]) -> list[str]:
    """`names` in the order in which the rules are asked; rules that nobody has worded here come last."""
    return [rule for rule in RULES if rule in names] + sorted(names - RULES.keys())


def meaning(rule: str) -> str:
    """A few words; '' for a rule that nobody has worded here."""
    return RULES.get(rule, "")

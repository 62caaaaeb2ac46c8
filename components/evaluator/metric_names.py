"""Names that the evaluation configuration gives and the reader of its result looks for."""

AGE_OUTPUT = "age"
AGE_GROUP_OUTPUT = "age_group"
GENDER_OUTPUT = "gender_probability"

# Our own feature: 1 where the group is known, else 0.
AGE_GROUP_KNOWN = "age_group_known"

EXAMPLE_COUNT = "example_count"
KNOWN_COUNT = "known_count"
AGE_MAE = "age_mae"
AGE_GROUP_ACCURACY = "age_group_accuracy"
GENDER_ACCURACY = "gender_accuracy"
GENDER_AUC = "gender_auc"

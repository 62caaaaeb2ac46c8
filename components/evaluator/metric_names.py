"""Names that the evaluation configuration gives and the reader of its result looks for."""

AGE_OUTPUT = "age"
AGE_GROUP_OUTPUT = "age_group"
GENDER_OUTPUT = "gender_probability"

# Our own features: 1 where the group is known, else 0; and 1 everywhere, which is what right answers are turned into.
AGE_GROUP_KNOWN = "age_group_known"
AGE_GROUP_RIGHT = "age_group_right"

EXAMPLE_COUNT = "example_count"
KNOWN_COUNT = "known_count"
AGE_MAE = "age_mae"
AGE_GROUP_ACCURACY = "age_group_accuracy"
GENDER_ACCURACY = "gender_accuracy"
GENDER_AUC = "gender_auc"
# The fraction of men among the records of known gender: 0 or 1 where there is one gender alone, and so no ROC curve.
MALE_FRACTION = "male_fraction"

"""Names that the evaluation configuration gives and the reader of its result looks for."""

AGE_OUTPUT = "age"
GENDER_OUTPUT = "gender_probability"

EXAMPLE_COUNT = "example_count"
KNOWN_COUNT = "known_count"
AGE_MAE = "age_mae"
GENDER_ACCURACY = "gender_accuracy"
GENDER_AUC = "gender_auc"

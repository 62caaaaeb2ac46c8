"""States what a model is for, and what not."""

NOT_FOR_DECISIONS = (
    "This project's models are not made for deciding about anybody: neither for checks of age, access, employment, "
    "insurance or policing, nor for saying who somebody is."
)
USERS = (
    "People who research or teach age and gender estimation.",
    "Teams that train such a model on data whose licence and origin they know.",
)
INTENDED_USE = (
    "Research and teaching on age and gender estimation from face images.",
    "Statistics over many images, where single errors cancel out and the errors on this page are taken into account.",
    "A starting point for a model trained on data whose licence and origin you know.",
)
NOT_FOR = (
    "Decisions about people: access, employment, insurance, policing, checks of a person's age or identity.",
    "Identifying people. Gender here means the binary label that the data sets carry, given by others from looks; "
    "it has no other values and does not mean a person's gender identity.",
    "Commercial use, where it was trained on IMDB-WIKI, Adience or UTKFace: these are for non-commercial research.",
    "Groups of people that this page shows few of, or none.",
)
LIMITATIONS = (
    "An age from a face is an estimate: two people of one age may look many years apart.",
    "The labels of the data sets are other people's guesses or come from dates in texts; some are wrong.",
    "Errors on photos from other sources, cameras or countries than those of the test split are unknown.",
    "Images in which the detector finds no face get no prediction, and do not count in the figures.",
)
# Risks and what the project does about them.
RISKS = (
    (
        "Somebody is refused or let through by an estimated age.",
        "The section on legal ages shows how often that happens, by year of age and by group.",
    ),
    (
        "A person's gender is guessed against how they see themselves.",
        "The outputs carry a probability; the documentation says that the label is binary and given by others.",
    ),
    (
        "Some groups get worse predictions than others.",
        "Every group is measured with its interval, and compared with all records of the same ages.",
    ),
    (
        "The faces on this page, and the data that the model learned from, are of people who may object.",
        "model_card.faces: false leaves the images out; the terms of every data set are listed.",
    ),
)

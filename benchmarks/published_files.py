"""The paths of the published files below the folder of `--data`.

Imports nothing, because the peer's environment lacks the packages of the other modules.
"""

GROUP_PHOTOS = tuple(f"photos/dlib/{part}_with_face_landmarks.xml" for part in ("training", "testing"))
WITHOUT_PEOPLE = tuple(f"photos/{name}" for name in ("no-faces.jpg", "grass.jpg", "dlib/dogs.jpg"))
ADIENCE_FACES = "adience/faces.tar.gz"
UTKFACE = "UTKFace.tar.gz"
WIKI_TABLE = "imdb_wiki/wiki.mat"

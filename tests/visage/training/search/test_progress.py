"""The progress of a search, of its trials' trainings."""

from visage import progress
from visage.training.search.progress import SearchProgress


def test_progress_counts_both_phases_of_a_trial() -> None:
    search, reported = SearchProgress(2, {"train": 10, "fine-tune": 30}), []
    with progress.listening(lambda *report: reported.append(report[1:3])):
        for _ in range(2):
            with search.trial():
                for phase, done in (("train", 1), ("frozen features, train", 5), ("train", 2), ("fine-tune", 1)):
                    progress.report(phase, done, 2)
            search.end_trial(1.0)
    assert reported == [(done, 80) for done in (5, 5, 10, 25, 45, 45, 50, 65)]

"""Collects byte-identical images, and near duplicates in two splits, with the fate of each record."""

from typing import Any

from pipeline.data_inspection.drops import Drop
from pipeline.data_inspection.faces import face, labels, picture_of, unreadable
from pipeline.data_inspection.sample import Sample
from visage.data.duplicates.decisions import CONFLICTING_LABELS, DUPLICATE_IMAGE
from visage.data.duplicates.near_duplicates import NEAR_DUPLICATE_DIGITS, NEAR_DUPLICATE_IN_OTHER_SPLIT
from visage.data.records import FaceRecord

# Groups listed of each kind, beside the total.
GROUPS_LISTED = 200
# Listed records that were dropped from one group, beside the total.
MEMBERS_LISTED = 24
# Groups of each kind, and pairs, shown with their image.
IMAGES_SHOWN = 24


class _Members:
    """The records of one group: their number, the kept one, and some of the dropped ones."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[dict[str, Any]] = []
        self._dropped: Sample[dict[str, Any]] = Sample(MEMBERS_LISTED)

    def add_dropped(self, member: dict[str, Any]) -> None:
        self.count += 1
        self._dropped.add(member["key"], member)

    def add_kept(self, member: dict[str, Any]) -> None:
        self.count += 1
        self._kept.append(member)

    def listed(self) -> list[dict[str, Any]]:
        return sorted([*self._kept, *self._dropped.items()], key=lambda member: member["key"])


class DuplicateGroups:
    """Groups of records with the same image.

    `choose` takes every drop once; then `add_dropped` and `add_kept` collect members of the chosen groups. It holds
    about 100 bytes for each group, and more only for the chosen ones.
    """

    def __init__(self) -> None:
        self._disagree: dict[bytes, tuple[str, ...]] = {}
        self._chosen: dict[str, _Members] | None = None
        self._images: dict[str, dict[str, str | None]] = {}

    def choose(self, drop: Drop) -> None:
        """Records the drop's group, if it was dropped as a duplicate."""
        if drop.rule in (DUPLICATE_IMAGE, CONFLICTING_LABELS):
            self._disagree[bytes.fromhex(drop.image_digest)] = drop.disagree

    def add_dropped(self, drop: Drop, record: FaceRecord | str) -> None:
        """Adds a dropped record; `record`: or why it cannot be read."""
        members = self._members(drop.image_digest)
        if members is None:
            return
        if isinstance(record, str):
            members.add_dropped({**unreadable(drop.key, record), "rule": drop.rule, "split": None})
            return
        members.add_dropped({**labels(record), "rule": drop.rule, "split": None})
        if drop.image_digest not in self._images:
            self._images[drop.image_digest] = picture_of(record.image)

    def add_kept(self, record: FaceRecord, split: str) -> None:
        """Adds a record that was written."""
        members = self._members(record.image_digest)
        if members is not None:
            members.add_kept({**labels(record), "rule": None, "split": split})

    def listed(self, conflicting: bool) -> dict[str, Any]:
        """Returns the number of groups that disagree on a label (or on none), and the first of them by digest."""
        digests = self._of_a_kind(conflicting)
        return {"groups": len(digests), "listed": [self._group(d, n) for n, d in enumerate(digests[:GROUPS_LISTED])]}

    def _members(self, digest: str) -> _Members | None:
        if self._chosen is None:
            kinds = (self._of_a_kind(conflicting)[:GROUPS_LISTED] for conflicting in (True, False))
            self._chosen = {digest.hex(): _Members() for digests in kinds for digest in digests}
        return self._chosen.get(digest)

    def _of_a_kind(self, conflicting: bool) -> list[bytes]:
        return sorted(digest for digest, disagree in self._disagree.items() if bool(disagree) == conflicting)

    def _group(self, digest: bytes, number: int) -> dict[str, Any]:
        name = digest.hex()
        members = self._members(name) or _Members()
        nothing = {"picture": None, "problem": None}
        return {
            "digest": name,
            "disagree": list(self._disagree[digest]),
            "records": members.count,
            "members": members.listed(),
            **(self._images.get(name, nothing) if number < IMAGES_SHOWN else nothing),
        }


class NearDuplicates:
    """Images that were dropped as near duplicates of one in another split; used like `DuplicateGroups`."""

    def __init__(self) -> None:
        self._count = 0
        self._chosen: Sample[Drop] = Sample(IMAGES_SHOWN)
        self._near_duplicates: set[str] | None = None
        self._dropped: dict[str, dict[str, Any]] = {}
        # A near duplicate may itself be dropped for a third one; or be one of several copies, of which one is kept.
        self._dropped_near_duplicates: dict[str, dict[str, Any]] = {}
        self._kept_near_duplicates: dict[str, dict[str, Any]] = {}

    def choose(self, drop: Drop) -> None:
        """Counts the drop, if it is a near duplicate."""
        if drop.rule == NEAR_DUPLICATE_IN_OTHER_SPLIT:
            self._count += 1
            self._chosen.add(drop.key, drop)

    def add_dropped(self, drop: Drop, record: FaceRecord | str) -> None:
        """Adds a dropped record; `record`: or why it cannot be read."""
        if drop.rule == NEAR_DUPLICATE_IN_OTHER_SPLIT and drop.key in self._chosen:
            self._dropped[drop.key] = unreadable(drop.key, record) if isinstance(record, str) else face(record)
        near_duplicate = drop.image_digest[:NEAR_DUPLICATE_DIGITS]
        if (
            near_duplicate not in self._dropped_near_duplicates
            and self._is_near_duplicate(near_duplicate)
            and isinstance(record, FaceRecord)
        ):
            self._dropped_near_duplicates[near_duplicate] = {**face(record), "rule": drop.rule, "split": None}

    def add_kept(self, record: FaceRecord, split: str) -> None:
        """Adds a record that was written."""
        if self._is_near_duplicate(record.image_digest):
            self._kept_near_duplicates[record.image_digest[:NEAR_DUPLICATE_DIGITS]] = {
                **face(record),
                "rule": None,
                "split": split,
            }

    def listed(self) -> dict[str, Any]:
        """Returns their number, and some as `dropped` and `near_duplicate` (None: it can no longer be read)."""
        near_duplicates = {**self._dropped_near_duplicates, **self._kept_near_duplicates}
        pairs = [
            {"dropped": self._dropped[drop.key], "near_duplicate": near_duplicates.get(drop.near_duplicate)}
            for drop in self._chosen.items()
        ]
        return {"pictures": self._count, "listed": pairs}

    def _is_near_duplicate(self, digest: str) -> bool:
        if self._near_duplicates is None:
            self._near_duplicates = {drop.near_duplicate for drop in self._chosen.items()}
        return digest[:NEAR_DUPLICATE_DIGITS] in self._near_duplicates

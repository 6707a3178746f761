"""What the table of plays does with one file after another, in plain Python: the model of the merge in SQL."""

from dataclasses import dataclass, field

from export_formats import ParsedFile


@dataclass
class ListensTable:
    """The plays of one user: the length of each by its identity, and the covers of the extended ones."""

    account: dict[bytes, int] = field(default_factory=dict)
    extended: dict[bytes, int] = field(default_factory=dict)
    covers: dict[bytes, set[bytes]] = field(default_factory=dict)

    def commit(self, parsed: ParsedFile) -> None:
        """Merge a file: extended rows take covered account rows away, covered account rows stay out."""
        plays = parsed.plays
        rows = zip(plays.identity, plays.ms_played, plays.cover, plays.more_covers, strict=True)
        for identity, ms_played, cover, more_covers in rows:
            if parsed.source == "extended":
                self.extended.setdefault(identity, ms_played)
                self.covers.setdefault(identity, set()).update({cover, *more_covers})
            else:
                self.account.setdefault(identity, ms_played)
        for covered in set().union(*self.covers.values()):
            self.account.pop(covered, None)

    @property
    def identities(self) -> set[bytes]:
        """The identities of all plays."""
        return {*self.account, *self.extended}

    @property
    def ms_played(self) -> int:
        """How long all plays were played."""
        return sum(self.account.values()) + sum(self.extended.values())

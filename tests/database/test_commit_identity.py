"""When two rows are the same play: whatever the order in which files come, the same plays stay."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.listen_domain import CommitOutcome
from tests.database.listen_calls import listening
from tests.database.play_messages import NOON, File, Play, account, extended
from tests.database.stored_plays import connect, count_plays, plays_of

_URI = "spotify:track:1"


def _identities(connection: Connection[TupleRow], user_id: UUID) -> list[tuple[object, ...]]:
    return connection.execute(
        """
        SELECT played_at, identity, source, (SELECT array_agg(c ORDER BY c) FROM unnest(cover || more_covers) AS c)
        FROM listens WHERE user_id = %s ORDER BY 1, 2
        """,
        [user_id],
    ).fetchall()


async def test_rows_of_one_file_in_another_are_duplicates(database_url: str, owner_url: str) -> None:
    songs = [Play(f"Song {number}", second=NOON + 240 * number) for number in range(10)]
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            assert await listener.commit_new(owner, user, extended(*songs[:7])) == CommitOutcome(7, 0, 0)
            assert await listener.commit_new(owner, user, extended(*songs[3:])) == CommitOutcome(3, 4, 0)
            assert await listener.commit_new(owner, user, extended(*songs)) == CommitOutcome(0, 10, 0)
            assert count_plays(owner, user) == 10


async def test_account_rows_of_one_file_in_another_are_duplicates(database_url: str, owner_url: str) -> None:
    songs = [Play(f"Song {number}", second=NOON + 240 * number) for number in range(10)]
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            assert await listener.commit_new(owner, user, account(*songs[:7])) == CommitOutcome(7, 0, 0)
            assert await listener.commit_new(owner, user, account(*songs[3:])) == CommitOutcome(3, 4, 0)
            assert count_plays(owner, user) == 10


async def test_an_account_row_after_the_extended_one_is_a_duplicate(database_url: str, owner_url: str) -> None:
    play = Play(second=NOON + 59)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            await listener.commit_new(owner, user, extended(play))
            assert await listener.commit_new(owner, user, account(play)) == CommitOutcome(0, 1, 0)
            assert plays_of(owner, user) == [("Song", 180_000, "extended")]


async def test_an_account_row_that_an_extended_one_replaces_is_superseded(database_url: str, owner_url: str) -> None:
    play = Play(second=NOON + 59)
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            await listener.commit_new(owner, user, account(play))
            assert await listener.commit_new(owner, user, extended(play)) == CommitOutcome(1, 0, 1)
            assert plays_of(owner, user) == [("Song", 180_000, "extended")]


async def test_one_account_row_stands_for_several_extended_ones(database_url: str, owner_url: str) -> None:
    plays = [Play(second=NOON + second) for second in (0, 5, 59)]
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            await listener.commit_new(owner, user, account(plays[0]))
            assert await listener.commit_new(owner, user, extended(*plays)) == CommitOutcome(3, 0, 1)


async def test_an_account_row_of_another_minute_length_or_name_stays(database_url: str, owner_url: str) -> None:
    others = (
        Play(second=NOON - 60),
        Play(second=NOON + 60),
        Play(ms_played=180_001),
        Play("Other"),
        Play(artist="Choir"),
    )
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            before, after = uuid4(), uuid4()
            await listener.commit_new(owner, before, account(*others))
            assert await listener.commit_new(owner, before, extended(Play())) == CommitOutcome(1, 0, 0)
            await listener.commit_new(owner, after, extended(Play()))
            assert await listener.commit_new(owner, after, account(*others)) == CommitOutcome(5, 0, 0)
            assert plays_of(owner, before) == plays_of(owner, after)


# The same play under two names, and an account row that has the second: three rows, one play.
_DRIFTED = (
    extended(Play("Song", second=NOON + 7, uri=_URI)),
    extended(Play("Song - Remastered", second=NOON + 7, uri=_URI)),
    account(Play("Song - Remastered", second=NOON)),
)

# Here one file saw the play under two names itself; beside it are plays that only one file has, and an overlap.
_DRIFTED_WITHIN_A_FILE = (
    extended(
        Play("Song", second=NOON + 7, uri=_URI, also_seen_as=("SONG!", "Song (Live)")),
        Play("Both", second=NOON + 30),
    ),
    extended(Play("Song (Demo)", second=NOON + 7, uri=_URI), Play("Both", second=NOON + 30)),
    account(
        Play("Song (Live)", second=NOON),
        Play("Song (Demo)", second=NOON),
        Play("Both", second=NOON),
        Play("Alone", second=NOON),
    ),
)


async def _commit_in_every_order(
    database_url: str, owner_url: str, files: tuple[File, ...]
) -> list[list[tuple[object, ...]]]:
    """Gives the plays that stay, for each order, and checks that each order's counts add up to them."""
    kept = []
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            for order in permutations(files):
                user = uuid4()
                outcomes = [await listener.commit_new(owner, user, file) for file in order]
                plays = _identities(owner, user)
                assert sum(outcome.inserted - outcome.superseded for outcome in outcomes) == len(plays)
                assert all(
                    outcome.inserted + outcome.duplicate == len(file.plays)
                    for outcome, file in zip(outcomes, order, strict=True)
                )
                kept.append(plays)
    return kept


async def test_every_order_of_drifted_names_leaves_the_same_play(database_url: str, owner_url: str) -> None:
    kept = await _commit_in_every_order(database_url, owner_url, _DRIFTED)
    assert len(kept) == 6
    assert all(plays == kept[0] for plays in kept)
    assert len(kept[0]) == 1


async def test_every_order_of_files_that_saw_several_names_leaves_the_same_plays(
    database_url: str, owner_url: str
) -> None:
    kept = await _commit_in_every_order(database_url, owner_url, _DRIFTED_WITHIN_A_FILE)
    assert all(plays == kept[0] for plays in kept)
    assert len(kept[0]) == 3
    assert [play[2] for play in kept[0]].count("account") == 1


async def test_a_name_seen_again_is_remembered_once(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            for file in (*_DRIFTED[:2], *_DRIFTED[:2]):
                await listener.commit_new(owner, user, file)
            (play,) = _identities(owner, user)
            covers = play[3]
            assert isinstance(covers, list)
            assert len(covers) == 2


async def test_the_first_to_come_keeps_its_other_columns(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            user = uuid4()
            await listener.commit_new(owner, user, _DRIFTED[1])
            await listener.commit_new(owner, user, _DRIFTED[0])
            assert plays_of(owner, user) == [("Song - Remastered", 180_000, "extended")]

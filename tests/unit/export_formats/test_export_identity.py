import functools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_formats.identity import (
    content_of_names,
    content_of_uri,
    fold,
    make_cover,
    make_extended_identity,
    measured,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE\u0301"),
        ("  Straße\t", "STRASSE"),
        ("\u2126", "\u03c9"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ångström", "A\u030aNGSTRÖM"),
    ],
)
def test_names_that_differ_in_case_blanks_and_composition_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("a b", "ab"), ("Song", "Song (Live)"), ("e", "é"), ("ﬁ", "f i")])
def test_names_that_differ_otherwise_do_not_fold_alike(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.one_of(st.text(), st.text(st.characters(max_codepoint=127))))
def test_folding_is_the_documented_formula(text: str) -> None:
    nfc = functools.partial(unicodedata.normalize, "NFC")
    assert fold(text) == nfc(nfc(text.strip()).casefold())


def names(group: str, item: str) -> bytes:
    return measured(fold(group)) + measured(fold(item))


def test_stored_keys_never_change() -> None:
    """A change here makes every stored play a stranger to its own repetition."""
    both = names("Some Artist", "Some Track")
    assert make_cover(1_600_000_020, 5, both).hex() == "6a2e1d7959aa54e8dfd741b34bec6afc"
    assert make_extended_identity(1_600_000_021, 5, content_of_uri("u:1")).hex() == "1fc44619eb241881c24e97230de68653"
    assert make_extended_identity(1_600_000_021, 5, content_of_names(both)).hex() == "f56f780f19c1342117fce0ca1ccb460c"


def test_no_two_lists_of_fields_hash_alike() -> None:
    covers = [
        make_cover(60, 1, names("ab", "c")),
        make_cover(60, 1, names("a", "bc")),
        make_cover(60, 2, names("ab", "c")),
        make_cover(120, 1, names("ab", "c")),
        make_extended_identity(60, 1, names("ab", "c")),
        make_extended_identity(60, 1, content_of_names(names("ab", "c"))),
        make_extended_identity(60, 1, content_of_uri("ab")),
    ]
    assert len(set(covers)) == len(covers)
    assert {len(cover) for cover in covers} == {16}

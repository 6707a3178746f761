import pytest

from export_formats.filenames import is_named_as_history, is_named_as_other, shown_name
from export_formats.platforms import FAMILIES, platform_family


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a.json", "a.json"),
        ("dir/sub\\a.json", "a.json"),
        ("../..", ".."),
        ("dir/", "unnamed"),
        ("\x00\x1b\u200b\u202e", "unnamed"),
        (" a\nb.json ", "ab.json"),
        ("история 🎈.json", "история 🎈.json"),
        ("x" * 999, "x" * 255),
    ],
)
def test_a_name_is_shown_without_its_path_and_without_what_cannot_be_seen(raw: str, shown: str) -> None:
    assert shown_name(raw) == shown


@pytest.mark.parametrize(
    "name",
    [
        "StreamingHistory0.json",
        "StreamingHistory_music_1.json",
        "endsong_3.json",
        "endvideo.json",
        "Streaming_History_Audio_2022-2024_1.json",
        "MyData/streaminghistory0.json.json",
    ],
)
def test_the_names_of_histories_are_known(name: str) -> None:
    assert is_named_as_history(name)
    assert not is_named_as_other(name)


@pytest.mark.parametrize(
    "name",
    [
        "Playlist1.json",
        "YourLibrary.json",
        "SearchQueries.json",
        "Follow.json",
        "Userdata.json",
        "UserAddress.json",
        "Identifiers.json",
        "Identity.json",
        "Inferences.json",
        "Payments.json",
        "Purchases.json",
        "Marquee.json",
        "Wrapped2023.json",
        "YourSoundCapsule.json",
        "MessageData.json",
        "PodcastInteractivityRatedShow.json",
        "MyData/ReadMeFirst_ExtendedStreamingHistory.pdf",
        "__MACOSX/._endsong.json",
    ],
)
def test_the_names_of_what_else_lies_in_an_export_are_known(name: str) -> None:
    assert is_named_as_other(name)


@pytest.mark.parametrize("name", ["Follow the leader.json", "My Identity.json", "mine.json"])
def test_other_names_prove_nothing(name: str) -> None:
    assert not is_named_as_other(name)


@pytest.mark.parametrize(
    ("raw", "family"),
    [
        ("iOS 15.4.1 (iPhone12,5)", "ios"),
        ("Android OS 12 API 31 (samsung, SM-G781U)", "android"),
        ("Partner android_tv Amazon;AFTMM;0123;;tpapi", "tv"),
        ("Partner google cast_tv;Chromecast;;", "cast"),
        ("Windows 10 (10.0.22621; x64; AppX)", "windows"),
        ("web_player windows 10;chrome 87.0;desktop", "web"),
        ("WebPlayer (websocket RFC6455)", "web"),
        ("OS X 12.6 [arm 2]", "macos"),
        ("osx", "macos"),
        ("Linux [x86-64 0]", "linux"),
        ("playstation", "console"),
        ("Partner webos_tv LGE;;", "tv"),
        ("not_applicable", "other"),
        (" ", None),
    ],
)
def test_a_platform_is_reduced_to_its_family(raw: str, family: str | None) -> None:
    assert platform_family(raw) == family
    assert family is None or family in FAMILIES

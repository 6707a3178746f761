"""The dashboard's routes: what they ask the coordinator, what they answer."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from protos.listens.v1 import listen_pb2, listen_service_pb2
from tests.service.fake_uploads import Refusal
from tests.service.running_gateway import ANNA, RunningGateway, running_gateway

METHODS = {
    "/overview": "GetOverview",
    "/top/artists": "ListTop",
    "/timeline": "GetTimeline",
    "/clock": "GetListeningClock",
    "/discoveries": "GetDiscoveries",
    "/sessions": "GetListeningSessions",
    "/habits": "GetListeningHabits",
    "": "ListListens",
    "/export": "ExportListens",
}


@pytest.fixture
async def gateway() -> AsyncIterator[RunningGateway]:
    async with running_gateway() as running:
        yield running


def stamp(text: str) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime.fromisoformat(text))
    return timestamp


async def asked(gateway: RunningGateway, route: str, **params: Any) -> Any:
    """The request that reached the coordinator."""
    response = await gateway.client.get(f"/api/listens{route}", params=params)
    assert response.status_code == 200, response.text
    [(method, request)] = gateway.coordinator.calls
    assert method == METHODS.get(route, "ListTop")
    assert request.owner == ANNA
    return request


async def test_the_overview_has_every_sum(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["GetOverview"] = listen_service_pb2.GetOverviewResponse(
        plays=5,
        ms_played=2**40,
        artists=3,
        tracks=4,
        albums=2,
        first_played_at=stamp("2024-09-07T09:52:00Z"),
        last_played_at=stamp("2024-10-19T20:38:00Z"),
    )
    response = await gateway.client.get("/api/listens/overview")
    assert response.json() == {
        "plays": 5,
        "msPlayed": 2**40,
        "artists": 3,
        "tracks": 4,
        "albums": 2,
        "firstPlayedAt": "2024-09-07T09:52:00.000Z",
        "lastPlayedAt": "2024-10-19T20:38:00.000Z",
    }


async def test_an_overview_without_plays_has_no_times(gateway: RunningGateway) -> None:
    answer = (await gateway.client.get("/api/listens/overview")).json()
    assert (answer["plays"], answer["firstPlayedAt"], answer["lastPlayedAt"]) == (0, None, None)


async def test_the_sources_are_told_with_their_periods(gateway: RunningGateway) -> None:
    span = listen_service_pb2.SourceSpan(
        source=listen_pb2.SOURCE_EXTENDED,
        plays=3,
        first_played_at=stamp("2014-09-07T09:52:00Z"),
        last_played_at=stamp("2024-10-19T20:38:00Z"),
    )
    gateway.coordinator.answers["ListSources"] = listen_service_pb2.ListSourcesResponse(sources=[span])
    assert (await gateway.client.get("/api/listens/sources")).json() == {
        "sources": [
            {
                "source": "extended",
                "plays": 3,
                "firstPlayedAt": "2014-09-07T09:52:00.000Z",
                "lastPlayedAt": "2024-10-19T20:38:00.000Z",
            }
        ]
    }
    [request] = gateway.coordinator.requests_of("ListSources")
    assert request.owner == ANNA


@pytest.mark.parametrize("route", METHODS)
async def test_unless_said_otherwise_every_play_counts(gateway: RunningGateway, route: str) -> None:
    request = await asked(gateway, route)
    is_ranking = route.startswith("/top")
    expected = listen_pb2.CONTENT_TYPE_MUSIC if is_ranking else listen_pb2.CONTENT_TYPE_UNSPECIFIED
    assert request.filter == listen_pb2.ListenFilter(content_type=expected)


@pytest.mark.parametrize("route", METHODS)
async def test_all_routes_take_the_same_filter(gateway: RunningGateway, route: str) -> None:
    params = {"from": "2024-01-01", "to": "2024-02-01T12:00:00+02:00", "minMs": 30000, "contentType": "podcast"}
    request = await asked(gateway, route, **params)
    assert request.filter == listen_pb2.ListenFilter(
        start_time=stamp("2024-01-01T00:00:00Z"),
        end_time=stamp("2024-02-01T10:00:00Z"),
        min_ms=30000,
        content_type=listen_pb2.CONTENT_TYPE_PODCAST,
    )


async def test_all_content_can_be_ranked_too(gateway: RunningGateway) -> None:
    request = await asked(gateway, "/top/artists", contentType="all")
    assert request.filter.content_type == listen_pb2.CONTENT_TYPE_UNSPECIFIED


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2024-01-01", "2023-12-31T23:00:00Z"),
        ("2024-07-01", "2024-06-30T22:00:00Z"),
        ("2024-07-01T12:00", "2024-07-01T10:00:00Z"),
        ("2024-07-01T12:00:00Z", "2024-07-01T12:00:00Z"),
    ],
)
async def test_a_date_begins_at_midnight_where_the_reader_is(gateway: RunningGateway, text: str, start: str) -> None:
    request = await asked(gateway, "/overview", **{"from": text, "tz": "Europe/Berlin"})
    assert request.filter.start_time == stamp(start)


@pytest.mark.parametrize("route", METHODS)
async def test_a_filter_that_cannot_be_read_is_named(gateway: RunningGateway, route: str) -> None:
    wrong: list[tuple[dict[str, str], int, str]] = [
        ({"from": "yesterday"}, 400, "from"),
        ({"to": "2024-13-01"}, 400, "to"),
        ({"to": "0001-01-01T00:00:00+23:00"}, 400, "to"),
        ({"from": "9" * 65}, 422, "from"),
        ({"minMs": "-1"}, 422, "minMs"),
        ({"minMs": "2147483648"}, 422, "minMs"),
        ({"minMs": "a"}, 422, "minMs"),
        ({"contentType": "films"}, 422, "contentType"),
        ({"tz": "../../etc/passwd"}, 422, "tz"),
        ({"tz": "Europe/Nowhere", "from": "2024-01-01"}, 400, "tz"),
        ({"tz": "Europe", "from": "2024-01-01"}, 400, "tz"),
    ]
    for params, status, field in wrong:
        response = await gateway.client.get(f"/api/listens{route}", params=params)
        assert (response.status_code, response.json()["field"]) == (status, field), params
    assert gateway.coordinator.calls == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("artists", listen_service_pb2.TOP_KIND_ARTISTS),
        ("tracks", listen_service_pb2.TOP_KIND_TRACKS),
        ("albums", listen_service_pb2.TOP_KIND_ALBUMS),
    ],
)
async def test_a_ranking_is_by_plays_and_of_fifty(gateway: RunningGateway, kind: str, expected: int) -> None:
    request = await asked(gateway, f"/top/{kind}")
    assert (request.kind, request.order, request.page_size, request.page_token) == (
        expected,
        listen_service_pb2.TOP_ORDER_PLAYS,
        50,
        "",
    )


async def test_a_ranking_can_be_by_time_and_goes_on_at_its_cursor(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["ListTop"] = listen_service_pb2.ListTopResponse(
        items=[
            listen_service_pb2.TopItem(name="<b>", artist_name="A", plays=2, ms_played=9),
            listen_service_pb2.TopItem(name="B", plays=1, ms_played=8),
        ],
        next_page_token="next",
    )
    params = {"by": "msPlayed", "limit": "2", "cursor": "here"}
    response = await gateway.client.get("/api/listens/top/tracks", params=params)
    assert response.json() == {
        "items": [
            {"name": "<b>", "artistName": "A", "plays": 2, "msPlayed": 9},
            {"name": "B", "artistName": None, "plays": 1, "msPlayed": 8},
        ],
        "nextCursor": "next",
    }
    [(_, request)] = gateway.coordinator.calls
    assert (request.order, request.page_size, request.page_token) == (
        listen_service_pb2.TOP_ORDER_MS_PLAYED,
        2,
        "here",
    )


@pytest.mark.parametrize(
    ("route", "params", "field"),
    [
        ("/top/films", {}, "kind"),
        ("/top/artists", {"by": "name"}, "by"),
        ("/top/artists", {"limit": "201"}, "limit"),
        ("/timeline", {"bucket": "minute"}, "bucket"),
        ("", {"limit": "0"}, "limit"),
        ("", {"limit": "501"}, "limit"),
        ("", {"cursor": "c" * 8001}, "cursor"),
        ("/export", {"format": "xml"}, "format"),
    ],
)
async def test_a_choice_that_is_none_is_named(
    gateway: RunningGateway, route: str, params: dict[str, str], field: str
) -> None:
    response = await gateway.client.get(f"/api/listens{route}", params=params)
    assert (response.status_code, response.json()["field"]) == (422, field)


async def test_a_timeline_is_cut_where_the_reader_is(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["GetTimeline"] = listen_service_pb2.GetTimelineResponse(
        bucket=listen_service_pb2.BUCKET_MONTH,
        points=[
            listen_service_pb2.TimelinePoint(start=stamp("2023-12-31T23:00:00Z"), plays=1, ms_played=2),
            listen_service_pb2.TimelinePoint(start=stamp("2024-01-31T23:00:00Z")),
        ],
    )
    params = {"bucket": "month", "tz": "Europe/Berlin"}
    response = await gateway.client.get("/api/listens/timeline", params=params)
    assert response.json() == {
        "bucket": "month",
        "points": [
            {"start": "2023-12-31T23:00:00.000Z", "plays": 1, "msPlayed": 2},
            {"start": "2024-01-31T23:00:00.000Z", "plays": 0, "msPlayed": 0},
        ],
    }
    [(_, request)] = gateway.coordinator.calls
    assert (request.bucket, request.time_zone) == (listen_service_pb2.BUCKET_MONTH, "Europe/Berlin")


async def test_the_coordinator_chooses_the_bucket_unless_one_is_asked_for(gateway: RunningGateway) -> None:
    request = await asked(gateway, "/timeline")
    assert (request.bucket, request.time_zone) == (listen_service_pb2.BUCKET_UNSPECIFIED, "UTC")


async def test_too_many_buckets_are_refused_as_the_coordinator_says(gateway: RunningGateway) -> None:
    told = {"field": "bucket", "limit": "10000", "value": "87600"}
    gateway.coordinator.refusals["GetTimeline"] = [
        Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "Choose a longer bucket.", told)
    ]
    response = await gateway.client.get("/api/listens/timeline", params={"bucket": "hour"})
    problem = response.json()
    assert (response.status_code, problem["limit"], problem["value"]) == (400, 10000, 87600)


async def test_the_clock_has_every_hour_of_the_week(gateway: RunningGateway) -> None:
    hours = [listen_service_pb2.ListeningHour() for _ in range(168)]
    hours[24 + 5] = listen_service_pb2.ListeningHour(plays=3, ms_played=2**40)
    gateway.coordinator.answers["GetListeningClock"] = listen_service_pb2.GetListeningClockResponse(hours=hours)
    response = await gateway.client.get("/api/listens/clock", params={"tz": "Asia/Kathmandu"})
    cells = response.json()["cells"]
    assert [(cell["weekday"], cell["hour"]) for cell in cells] == [
        (day, hour) for day in range(7) for hour in range(24)
    ]
    assert cells[29] == {"weekday": 1, "hour": 5, "plays": 3, "msPlayed": 2**40}
    assert cells[0] == {"weekday": 0, "hour": 0, "plays": 0, "msPlayed": 0}
    [(_, request)] = gateway.coordinator.calls
    assert request.time_zone == "Asia/Kathmandu"


async def test_discoveries_are_cut_where_the_reader_is(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["GetDiscoveries"] = listen_service_pb2.GetDiscoveriesResponse(
        bucket=listen_service_pb2.BUCKET_WEEK,
        points=[listen_service_pb2.DiscoveryPoint(start=stamp("2023-12-31T23:00:00Z"), artists=1, tracks=2)],
    )
    params = {"bucket": "week", "tz": "Europe/Berlin"}
    response = await gateway.client.get("/api/listens/discoveries", params=params)
    assert response.json() == {
        "bucket": "week",
        "points": [{"start": "2023-12-31T23:00:00.000Z", "artists": 1, "tracks": 2}],
    }
    [(_, request)] = gateway.coordinator.calls
    assert (request.bucket, request.time_zone) == (listen_service_pb2.BUCKET_WEEK, "Europe/Berlin")


async def test_the_longest_session_is_told_and_absent_where_there_is_none(gateway: RunningGateway) -> None:
    nothing = (await gateway.client.get("/api/listens/sessions")).json()
    gateway.coordinator.answers["GetListeningSessions"] = listen_service_pb2.GetListeningSessionsResponse(
        sessions=2, ms=2**40, longest_start=stamp("2024-09-07T09:52:00Z"), longest_end=stamp("2024-09-07T11:52:00Z")
    )
    told = (await gateway.client.get("/api/listens/sessions")).json()
    assert nothing == {"sessions": 0, "ms": 0, "longestStart": None, "longestEnd": None}
    assert told == {
        "sessions": 2,
        "ms": 2**40,
        "longestStart": "2024-09-07T09:52:00.000Z",
        "longestEnd": "2024-09-07T11:52:00.000Z",
    }


async def test_habits_name_platforms_and_leave_unknown_ones_null(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["GetListeningHabits"] = listen_service_pb2.GetListeningHabitsResponse(
        platforms=[
            listen_service_pb2.PlatformPlays(platform="ios", plays=3, ms_played=9),
            listen_service_pb2.PlatformPlays(plays=1, ms_played=2),
        ],
        skips_told=4,
        skipped=1,
    )
    assert (await gateway.client.get("/api/listens/habits")).json() == {
        "platforms": [
            {"platform": "ios", "plays": 3, "msPlayed": 9},
            {"platform": None, "plays": 1, "msPlayed": 2},
        ],
        "skipsTold": 4,
        "skipped": 1,
    }


async def test_a_play_is_told_with_all_that_is_known_of_it(gateway: RunningGateway) -> None:
    gateway.coordinator.answers["ListListens"] = listen_service_pb2.ListListensResponse(
        listens=[
            listen_pb2.Listen(
                played_at=stamp("2024-09-07T09:52:07Z"),
                ms_played=180_000,
                content_type=listen_pb2.CONTENT_TYPE_MUSIC,
                track_name="Song",
                artist_name="Band",
                album_name="First",
                track_uri="spotify:track:1",
                platform="ios",
                skipped=listen_pb2.SKIPPED_NO,
                source=listen_pb2.SOURCE_EXTENDED,
            ),
            listen_pb2.Listen(
                played_at=stamp("2024-09-07T09:52:00Z"),
                content_type=listen_pb2.CONTENT_TYPE_PODCAST,
                source=listen_pb2.SOURCE_ACCOUNT,
            ),
        ],
        next_page_token="next",
    )
    response = await gateway.client.get("/api/listens", params={"cursor": "here", "limit": "2"})
    assert response.json() == {
        "items": [
            {
                "playedAt": "2024-09-07T09:52:07.000Z",
                "msPlayed": 180_000,
                "contentType": "music",
                "trackName": "Song",
                "artistName": "Band",
                "albumName": "First",
                "trackUri": "spotify:track:1",
                "platform": "ios",
                "skipped": False,
                "source": "extended",
            },
            {
                "playedAt": "2024-09-07T09:52:00.000Z",
                "msPlayed": 0,
                "contentType": "podcast",
                "trackName": "",
                "artistName": "",
                "albumName": None,
                "trackUri": None,
                "platform": None,
                "skipped": None,
                "source": "account",
            },
        ],
        "nextCursor": "next",
    }
    [(_, request)] = gateway.coordinator.calls
    assert (request.page_size, request.page_token) == (2, "here")


async def test_a_list_has_fifty_plays_unless_said_otherwise_and_its_last_page_no_cursor(
    gateway: RunningGateway,
) -> None:
    response = await gateway.client.get("/api/listens")
    assert response.json() == {"items": [], "nextCursor": None}
    [(_, request)] = gateway.coordinator.calls
    assert (request.page_size, request.page_token) == (50, "")


@pytest.mark.parametrize("route", METHODS)
async def test_without_a_token_nothing_is_told(gateway: RunningGateway, route: str) -> None:
    response = await gateway.client.get(f"/api/listens{route}", headers={"Authorization": ""})
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    assert gateway.coordinator.calls == []


async def test_the_api_document_has_every_route_with_its_problems(gateway: RunningGateway) -> None:
    document = (await gateway.client.get("/openapi.json")).json()
    for route in METHODS:
        operation = document["paths"]["/api/listens" + route.replace("artists", "{kind}")]["get"]
        assert {"200", "400", "401", "422", "503"} <= set(operation["responses"]), route
        assert {"from", "to", "minMs", "contentType", "tz"} <= {each["name"] for each in operation["parameters"]}
    export = document["paths"]["/api/listens/export"]["get"]["responses"]["200"]["content"]
    assert set(export) == {"text/csv", "application/json"}

"""What else lies in an archive of the provider's, none of it a history, and much of it personal."""

import json
from typing import Any, Final

from export_formats.samples.extended_files import CANARIES

_TECHNICAL_LOGS: Final = 150

_OBJECTS: Final = (
    *("Userdata", "UserAddress", "Identifiers", "Identity", "Inferences", "Follow", "YourLibrary", "Playlist1"),
    *("Payments", "Wrapped2024", "YourSoundCapsule", "MessageData", "PodcastInteractivityRatedShow"),
)
_LISTS: Final = ("SearchQueries", "Purchases", "Marquee", "PodcastInteractivityComments")


def other_files(technical_logs: int = _TECHNICAL_LOGS) -> dict[str, bytes]:
    """Give the other members of an archive by name; all of them tell something that nobody may find again."""
    person = {"username": CANARIES[0], "ipAddress": CANARIES[1], "userAgent": CANARIES[2], "deviceId": CANARIES[3]}
    files = {f"{name}.json": _written(person) for name in _OBJECTS}
    files |= {f"{name}.json": _written([person]) for name in _LISTS}
    files |= {f"TechnicalLog{number:03}.json": _written([_log_row(number)]) for number in range(technical_logs)}
    files["ReadMeFirst_ExtendedStreamingHistory.pdf"] = b"%PDF-1.7\n" + CANARIES[0].encode()
    return files


def _log_row(number: int) -> dict[str, Any]:
    """Give a row of a technical log, which has times and durations too."""
    return {
        "timestamp_utc": "2024-05-01T10:00:00.123Z",
        "context_time": 1_714_557_600_123,
        "context_device_id": CANARIES[3],
        "context_user_agent": CANARIES[2],
        "message_play_duration_ms": number,
    }


def _written(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()

"""docs/settings.md tells every setting with its default, and no other."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import coordinator.settings
import gateway.settings
import ingest_worker.settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
SECTIONS: dict[str, type[BaseSettings]] = {
    "Coordinator": coordinator.settings.Settings,
    "Gateway": gateway.settings.Settings,
    "Ingest worker": ingest_worker.settings.Settings,
}
# Told in words, since the value depends on the machine or is no secret worth showing twice.
IN_WORDS = {"SUPABASE_JWT_SECRET", "SLUICE_WORKER_NAME", "SLUICE_WORKER_PARSE_PROCESSES"}


def told(section: str) -> dict[str, str]:
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*?) ?\|", text, re.MULTILINE))


def default_of(field: Any) -> str:
    if field.default is None or field.default is PydanticUndefined:
        return ""
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return str(default)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_told_with_its_default(section: str) -> None:
    settings = SECTIONS[section]
    expected = {
        str(field.validation_alias or f"SLUICE_{name.upper()}"): default_of(field)
        for name, field in settings.model_fields.items()
    }
    shown = told(section)
    assert shown.keys() == expected.keys()
    assert {name: shown[name] for name in shown.keys() - IN_WORDS} == {
        name: expected[name] for name in expected.keys() - IN_WORDS
    }

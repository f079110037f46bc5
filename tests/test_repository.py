"""What Home Assistant's and HACS's checks say of the repository, said earlier."""

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise
import json
from pathlib import Path
import re
from string import Formatter
import struct
import tomllib
from typing import Any, Final

import homeassistant.components
from homeassistant.util.yaml import load_yaml_dict
import pytest

ROOT: Final = Path(__file__).parent.parent
INTEGRATION: Final = ROOT / "custom_components" / "fleet_telematics"
TRANSLATIONS: Final = sorted(
    path.name for path in (INTEGRATION / "translations").glob("*.json")
)
SCRIPTS: Final = {"develop", "lint", "run", "setup", "test"}

type Texts = dict[tuple[str, ...], str]


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds."""
    data = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def leaves(
    data: Mapping[str, Any], *above: str
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value that is not an object itself, with the keys to it."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from leaves(value, *above, key)
        else:
            yield (*above, key), value


def texts(name: str) -> Texts:
    """Return all texts of one language by the keys to them."""
    return dict(leaves(read_json(INTEGRATION / "translations" / name)))


def placeholders(text: str) -> set[str]:
    """Return the names that a text leaves open."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def described(name: str) -> set[str]:
    """Return the actions, triggers or conditions that a YAML file describes."""
    path = INTEGRATION / name
    if not path.exists():
        return set()
    return {key for key in load_yaml_dict(str(path)) if not key.startswith(".")}


def test_the_manifest_has_what_home_assistant_and_hacs_ask_for() -> None:
    """Both refuse a manifest without these keys, and unordered ones."""
    manifest = read_json(INTEGRATION / "manifest.json")
    keys = list(manifest)

    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    assert manifest["domain"] == INTEGRATION.name == "fleet_telematics"
    assert manifest["name"] == "Fleet Telematics"
    assert manifest["config_flow"] is True
    assert manifest["integration_type"] == "hub"
    assert manifest["iot_class"] == "cloud_polling"
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert manifest["codeowners"]
    assert manifest["documentation"].startswith("https://")
    assert manifest["issue_tracker"].startswith("https://")


def test_the_manifest_names_the_version_of_the_project() -> None:
    """A release is made from one version, wherever it is written."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = read_json(INTEGRATION / "manifest.json")["version"]

    assert version == project["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_hacs_finds_the_one_integration_and_its_archive() -> None:
    """HACS manages the first folder alone and rejects keys it does not know."""
    folders = [
        path.name
        for path in INTEGRATION.parent.iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ]

    assert folders == ["fleet_telematics"]
    assert read_json(ROOT / "hacs.json") == {
        "name": "Fleet Telematics",
        "filename": "fleet_telematics.zip",
        "hide_default_branch": True,
        "homeassistant": "2026.10.0",
        "zip_release": True,
    }


@pytest.mark.parametrize(("name", "side"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_the_brand_image_has_the_size_home_assistant_shows(
    name: str, side: int
) -> None:
    """A PNG's header tells its width and height."""
    header = (INTEGRATION / "brand" / name).read_bytes()[:24]

    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", header[16:]) == (side, side)


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_says_the_same_as_the_english_one(name: str) -> None:
    """A missing text shows as its key, a wrong placeholder not at all."""
    english, translated = texts("en.json"), texts(name)

    assert translated.keys() == english.keys()
    assert {key: placeholders(text) for key, text in translated.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_text_is_plain(name: str) -> None:
    """Home Assistant takes no HTML, addresses or blanks around a text."""
    wrong = {
        keys: text
        for keys, text in texts(name).items()
        if not text
        or text != text.strip()
        or re.search(r"https?://|www\.|</?[a-z][^>]*>|'\{\w+\}'", text, re.IGNORECASE)
        or not all(map(str.isidentifier, placeholders(text)))
    }

    assert wrong == {}


def test_the_keys_of_texts_are_the_ones_home_assistant_accepts() -> None:
    """Keys are lower case, and blanks of any kind stay inside."""
    keys = {key for path in texts("en.json") for key in path}

    assert {
        key for key in keys if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", key)
    } == (set())


def test_every_field_of_a_form_is_described() -> None:
    """A field without a description leaves the user guessing, one too many is stale."""
    english = read_json(INTEGRATION / "translations" / "en.json")
    forms = {
        (flow, step): form
        for flow in ("config", "options")
        for step, form in english[flow]["step"].items()
        if "data" in form or "data_description" in form
    }

    assert forms
    for step, form in forms.items():
        assert form.get("data_description", {}).keys() == form["data"].keys(), step


def test_every_icon_is_one_of_home_assistants() -> None:
    """Home Assistant brings the Material Design icons and no others."""
    icons = dict(leaves(read_json(INTEGRATION / "icons.json")))

    assert icons
    assert {
        keys: icon
        for keys, icon in icons.items()
        if not re.fullmatch(r"mdi:[a-z0-9-]+", icon)
    } == {}


def test_every_icon_belongs_to_something_that_has_a_text() -> None:
    """An icon under another key than the text's is never shown."""
    icons = read_json(INTEGRATION / "icons.json")
    english = read_json(INTEGRATION / "translations" / "en.json")

    for platform, entities in icons["entity"].items():
        assert entities.keys() <= english["entity"][platform].keys(), platform


@pytest.mark.parametrize("section", ["services", "triggers", "conditions"])
def test_actions_triggers_and_conditions_have_texts_and_icons(section: str) -> None:
    """What the YAML file describes is what the user reads and sees."""
    names = described(f"{section}.yaml")

    assert read_json(INTEGRATION / "icons.json").get(section, {}).keys() == names
    assert (
        read_json(INTEGRATION / "translations" / "en.json").get(section, {}).keys()
        == names
    )


def test_every_error_that_an_action_raises_has_a_text() -> None:
    """A key without a text shows as itself, a placeholder nobody fills not at all."""
    known = read_json(INTEGRATION / "translations" / "en.json")["exceptions"]
    raised = [
        (str(call.args[0].value), {word.arg for word in call.keywords})
        for path in INTEGRATION.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "invalid"
        and isinstance(call.args[0], ast.Constant)
    ]

    assert len(raised) > 10
    for key, given in raised:
        assert placeholders(known[key]["message"]) == given, key


def test_the_quality_scale_answers_every_rule() -> None:
    """The rules are those of Home Assistant's own integrations; each has its proof."""
    own = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    peers = Path(homeassistant.components.__path__[0])
    peer = load_yaml_dict(str(peers / "scorpiontrack" / "quality_scale.yaml"))["rules"]

    assert len(peer) == 54
    assert own.keys() == peer.keys()
    for rule, answer in own.items():
        assert answer["status"] in {"done", "exempt"}, rule
        assert answer["comment"].strip(), rule
        for name in re.findall(r"[\w/]+\.(?:ambr|json|md|py)", answer["comment"]):
            places = (ROOT, INTEGRATION, ROOT / "tests" / "integration")
            assert any((place / name).is_file() for place in places), name


def test_every_script_can_be_run() -> None:
    """A script without its run bit fails for everybody who follows the README."""
    scripts = [
        path
        for path in (*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run")
        if path.is_file() and path.read_bytes().startswith(b"#!")
    ]

    assert {path.name for path in scripts} >= SCRIPTS
    assert [path.name for path in scripts if not path.stat().st_mode & 0o100] == []


def test_the_changelog_starts_with_what_is_not_yet_released() -> None:
    """Every later entry is a version, the newest first."""
    headings = re.findall(
        r"^## \[(.+?)\]",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    versions = [tuple(map(int, version.split("."))) for version in headings[1:]]

    assert headings[0] == "Unreleased"
    assert all(newer > older for newer, older in pairwise(versions))

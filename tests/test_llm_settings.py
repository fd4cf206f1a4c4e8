"""Settings of the language model: variables, the settings file, the key, and what they are wired to."""

from __future__ import annotations

import logging
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from littriage import configuration, wiring
from littriage.errors import SettingsError
from littriage.ports import Prompt
from llm_server import LlmServer, ok

KEY = "sk-planted-0123456789abcdef"
PROMPT = Prompt("screen", "1", "Judge.", '{"id":1}', {"type": "object"}, 60)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file's folder; the file is written by the test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "littriage").mkdir()
    return tmp_path / "littriage"


def write(home: Path, text: str, mode: int = 0o600) -> Path:
    """A settings file with these lines, readable as the mode says."""
    path = home / "settings.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def of_file(home: Path, text: str, mode: int = 0o600, **environment: str) -> configuration.Settings:
    """Settings from a file with these lines and these variables."""
    write(home, text, mode)
    return configuration.settings_from({"XDG_CONFIG_HOME": str(home.parent), **environment})


# --- variables --------------------------------------------------------------------------------------------------


def test_every_setting_of_the_language_model_has_a_variable():
    """None is needed."""
    found = configuration.settings_from(
        {
            "LITTRIAGE_LLM_MODEL": "qwen3:8b",
            "LITTRIAGE_LLM_URL": "http://localhost:11434/v1",
            "LITTRIAGE_LLM_FAMILY": "anthropic",
            "LITTRIAGE_LLM_CALLS": "0",
            "LITTRIAGE_LLM_TOKENS": "5000",
            "LITTRIAGE_LLM_USD": "0.5",
            "LITTRIAGE_LLM_AT_ONCE": "8",
            "LITTRIAGE_LLM_TIMEOUT_S": "9.5",
            "LITTRIAGE_LLM_PRICE_IN": "0.1",
            "LITTRIAGE_LLM_PRICE_OUT": "0",
            "LITTRIAGE_LLM_LANGUAGES": " zh, en,zh",
        }
    )

    assert found == configuration.Settings(
        llm_model="qwen3:8b", llm_url="http://localhost:11434/v1", llm_family="anthropic", llm_calls=0,
        llm_tokens=5_000, llm_usd=0.5, llm_at_once=8, llm_timeout_s=9.5,
        llm_price_in=0.1, llm_price_out=0.0, llm_languages=" zh, en,zh",
    )  # fmt: skip
    assert configuration.languages(found) == ("zh", "en")
    assert configuration.Settings.of_parameters(found.as_parameters()) == found
    assert configuration.settings_from({}).llm_model == ""


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FAMILY", "gemini", "there is no llm_family 'gemini': take openai or anthropic"),
        ("URL", "localhost:11434", "'localhost:11434' is no http address"),
        ("URL", "http://me:hunter2@localhost/v1", "comes with a name, a password or a query"),
        ("CALLS", "-1", "llm_calls is -1: expected at least 0"),
        ("CALLS", "many", "LITTRIAGE_LLM_CALLS='many': expected a whole number"),
        ("TOKENS", "-5", "llm_tokens is -5"),
        ("USD", "nan", "llm_usd is nan"),
        ("USD", "-0.5", "llm_usd is -0.5"),
        ("AT_ONCE", "0", "llm_at_once is 0: expected at least 1"),
        ("TIMEOUT_S", "0", "llm_timeout_s is 0.0: expected seconds above 0"),
        ("TIMEOUT_S", "inf", "llm_timeout_s is inf"),
        ("PRICE_IN", "1", "llm_price_in and llm_price_out go together"),
        ("LANGUAGES", "en,de", "llm_languages is 'en,de': expected en, zh, or en,zh"),
        ("LANGUAGES", ",", "llm_languages is ','"),
    ],
)
def test_a_variable_that_cannot_be_used(variable: str, value: str, message: str):
    """The error names the setting, and shows no password."""
    with pytest.raises(SettingsError, match=message) as caught:
        configuration.settings_from({f"LITTRIAGE_LLM_{variable}": value})
    assert "hunter2" not in repr(caught.value)


def test_every_setting_is_described():
    """By its variable, in docs/settings.md; the notice is the demo's alone."""
    described = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    names = {field.name for field in fields(configuration.Settings)} - {"notice"}

    assert [name for name in sorted(names) if f"`LITTRIAGE_{name.upper()}`" not in described] == []


# --- the settings file ------------------------------------------------------------------------------------------


def test_options_win_over_variables_over_the_file_over_defaults(home: Path):
    """Each of the four, in one look."""
    write(home, 'llm_model = "file"\nllm_tokens = 1\nllm_usd = 2\ncontact = "a@example.org"\ninterval_s = 4.5\n')
    environment = {"XDG_CONFIG_HOME": str(home.parent), "LITTRIAGE_LLM_MODEL": "variable", "LITTRIAGE_LLM_TOKENS": "3"}

    found = configuration.settings_from(environment, llm_model="option", llm_calls=None)

    assert found == configuration.Settings(
        contact="a@example.org", interval_s=4.5, llm_model="option", llm_tokens=3, llm_usd=2.0
    )
    assert isinstance(found.llm_usd, float)


def test_where_the_settings_file_is():
    """XDG_CONFIG_HOME, or .config at home; an empty variable counts as not set."""
    assert configuration.settings_file({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/littriage/settings.toml")
    assert configuration.settings_file({"XDG_CONFIG_HOME": "", "HOME": "/h"}) == Path(
        "/h/.config/littriage/settings.toml"
    )
    assert configuration.settings_file({}) is None


def test_no_settings_file(tmp_path: Path):
    """No file, no folder, and a file in the folder's place are all the defaults."""
    (tmp_path / "littriage").touch()

    assert configuration.settings_from({"XDG_CONFIG_HOME": str(tmp_path)}) == configuration.Settings()
    assert configuration.settings_from({"XDG_CONFIG_HOME": str(tmp_path / "none")}) == configuration.Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('llm_modell = "m"', "settings.toml: there is no setting 'llm_modell': do you mean llm_model?"),
        ("zzz = 1", "settings.toml: there is no setting 'zzz': take one of .*llm_key"),
        ('notice = "x"', "there is no setting 'notice'"),
        ("[llm]\nmodel = 1", "there is no setting 'llm'"),
        ('llm_calls = "3"', "settings.toml: llm_calls = '3': expected a whole number"),
        ("llm_calls = 3.0", "llm_calls = 3.0: expected a whole number"),
        ("llm_calls = true", "llm_calls = True: expected a whole number"),
        ("llm_usd = true", "llm_usd = True: expected a number"),
        ("llm_model = 3", "llm_model = 3: expected a text"),
        ("llm_tokens = -1", "llm_tokens is -1"),
        ("llm_key = 3", "settings.toml: llm_key: expected a text"),
        ('warehouse = "w"', "warehouse cannot be set here.*set LITTRIAGE_WAREHOUSE or pass --warehouse"),
        ("llm_model = ", "settings.toml cannot be read: it is no TOML"),
    ],
)
def test_a_settings_file_that_cannot_be_used(home: Path, text: str, message: str):
    """The error names the file and the key."""
    with pytest.raises(SettingsError, match=message):
        of_file(home, text)


def test_a_settings_file_in_another_encoding(home: Path):
    """TOML is UTF-8."""
    (home / "settings.toml").write_bytes('contact = "é"'.encode("latin-1"))

    with pytest.raises(SettingsError, match=r"settings.toml cannot be read: it is no TOML"):
        configuration.settings_from({"XDG_CONFIG_HOME": str(home.parent)})


def test_a_folder_in_the_place_of_the_settings_file(home: Path):
    """The error says so."""
    (home / "settings.toml").mkdir()

    with pytest.raises(SettingsError, match=r"settings.toml cannot be read: Is a directory"):
        configuration.settings_from({"XDG_CONFIG_HOME": str(home.parent)})


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read(home: Path, mode: int):
    """Refused, with the command that helps; a file without a key may be read by anyone."""
    path = write(home, f'llm_key = "{KEY}"', mode)

    with pytest.raises(SettingsError, match=f"chmod 600 {path}") as caught:
        configuration.settings_from({"XDG_CONFIG_HOME": str(home.parent)})
    assert KEY not in repr(caught.value)
    assert of_file(home, 'llm_model = "m"', mode).llm_model == "m"


# --- the key ----------------------------------------------------------------------------------------------------

LOCAL = "http://localhost:11434/v1"


@pytest.mark.parametrize(
    ("family", "url", "environment", "key"),
    [
        ("openai", "", {}, ""),
        ("openai", LOCAL, {}, ""),
        ("openai", LOCAL, {"LITTRIAGE_LLM_KEY": " ours\n"}, "ours"),
        ("openai", "", {"LITTRIAGE_LLM_KEY": "ours", "OPENAI_API_KEY": "theirs"}, "ours"),
        ("openai", "", {"OPENAI_API_KEY": "theirs"}, "theirs"),
        ("openai", "https://api.openai.com:443/v1/", {"OPENAI_API_KEY": "theirs"}, "theirs"),
        ("openai", "https://API.OpenAI.com/v1", {"OPENAI_API_KEY": "theirs"}, "theirs"),
        ("openai", LOCAL, {"OPENAI_API_KEY": "theirs"}, ""),
        ("openai", "http://api.openai.com/v1", {"OPENAI_API_KEY": "theirs"}, ""),
        ("openai", "https://api.openai.com.example.org/v1", {"OPENAI_API_KEY": "theirs"}, ""),
        ("openai", "https://api.openai.com:8443/v1", {"OPENAI_API_KEY": "theirs"}, ""),
        ("openai", "", {"ANTHROPIC_API_KEY": "theirs"}, ""),
        ("openai", "https://api.anthropic.com/v1", {"ANTHROPIC_API_KEY": "theirs"}, ""),
        ("anthropic", "", {"ANTHROPIC_API_KEY": "theirs"}, "theirs"),
        ("anthropic", "", {"OPENAI_API_KEY": "theirs"}, ""),
        ("anthropic", "https://proxy.example.org", {"ANTHROPIC_API_KEY": "theirs"}, ""),
    ],
)
def test_which_key_goes_where(family: str, url: str, environment: dict[str, str], key: str):
    """A vendor's own goes to the vendor's own service, by https, and nowhere else."""
    settings = configuration.Settings(llm_model="m", llm_family=family, llm_url=url)

    assert configuration.llm_key(environment, settings) == key


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        ("", "", KEY),
        ("", LOCAL, ""),
        (f'llm_url = "{LOCAL}"', LOCAL, KEY),
        (f'llm_url = "{LOCAL}"', "http://localhost:8000/v1", ""),
        (f'llm_url = "{LOCAL}"', "", ""),
    ],
)
def test_the_key_of_the_file_goes_where_the_file_says(home: Path, text: str, url: str, key: str):
    """Another server that is set by a variable or an option does not get it."""
    write(home, f'llm_key = "{KEY}"\n{text}')
    settings = configuration.Settings(llm_model="m", llm_url=url)

    assert configuration.llm_key({"XDG_CONFIG_HOME": str(home.parent)}, settings) == key
    assert configuration.llm_key({"XDG_CONFIG_HOME": str(home.parent), "LITTRIAGE_LLM_KEY": "ours"}, settings) == "ours"


@pytest.mark.parametrize("key", ["two words", "tab\there", "schlüssel", "line\nbreak"])
def test_a_key_that_no_header_holds(key: str):
    """Refused, and not shown."""
    with pytest.raises(SettingsError, match="LITTRIAGE_LLM_KEY holds characters that no key has") as caught:
        configuration.llm_key({"LITTRIAGE_LLM_KEY": key}, configuration.Settings())
    assert key not in str(caught.value)


def test_the_key_is_no_setting(home: Path):
    """It is neither in what is stored with a run nor in what a flow is given."""
    settings = of_file(home, f'llm_model = "m"\nllm_key = "{KEY}"', LITTRIAGE_LLM_KEY=KEY)

    assert KEY not in repr(settings) + str(settings.as_parameters())


# --- wiring -----------------------------------------------------------------------------------------------------


def test_no_model_no_assistant():
    """Without a model's name nothing is asked, whatever else is set."""
    settings = configuration.Settings(llm_url=LOCAL, llm_usd=1.0)

    with wiring.llm(settings) as model, wiring.assistant(settings) as assistant:
        assert model is None
        assert assistant is None


def test_a_local_server_needs_no_key(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    """And does not get a vendor's."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    with (
        LlmServer(ok({"a": 1})) as server,
        wiring.llm(configuration.Settings(llm_model="qwen3:8b", llm_url=server.url)) as model,
    ):
        assert model is not None
        assert model.ask(PROMPT).value == {"a": 1}

    assert "authorization" not in server.asked[0].headers
    assert KEY not in str(server.asked[0].headers) + caplog.text


@pytest.mark.parametrize("family", ["openai", "anthropic"])
def test_the_key_reaches_the_server(monkeypatch: pytest.MonkeyPatch, family: str):
    """From the variable, at the moment of asking."""
    monkeypatch.setenv("LITTRIAGE_LLM_KEY", KEY)
    with LlmServer(ok({"a": 1})) as server:
        settings = configuration.Settings(llm_model="m", llm_url=server.root + "/v1", llm_family=family)
        with wiring.llm(settings) as model:
            assert model is not None
            model.ask(PROMPT)

    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("family", "variable"), [("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")])
def test_a_vendors_service_wants_a_key(family: str, variable: str):
    """The error comes before a request, and names the variables."""
    settings = configuration.Settings(llm_model="m", llm_family=family)

    with pytest.raises(SettingsError, match=f"wants a key: set LITTRIAGE_LLM_KEY or {variable}"), wiring.llm(settings):
        pass


def test_an_assistant_has_the_budget_of_the_settings():
    """Requests, tokens and dollars, and how many questions go together."""
    settings = configuration.Settings(
        llm_model="m", llm_url=LOCAL, llm_calls=3, llm_tokens=1_000, llm_usd=0.5, llm_at_once=2, llm_languages="zh",
        llm_price_in=1.0, llm_price_out=2.0,
    )  # fmt: skip

    with wiring.assistant(settings) as assistant:
        assert assistant is not None
        budget: Any = assistant.budget
        assert (budget.calls, budget.tokens, budget.usd) == (3, 1_000, 0.5)
        assert (assistant.at_once, assistant.languages) == (2, ("zh",))
        assert assistant.llm.model == "m"
        assert assistant.llm.price(1_000_000, 1_000_000) == 3.0


def test_a_budget_in_money_needs_prices(monkeypatch: pytest.MonkeyPatch):
    """Those of the settings or those of a known vendor; else the error says what to set."""
    unknown = configuration.Settings(llm_model="qwen3:8b", llm_url=LOCAL, llm_usd=1.0)
    monkeypatch.setenv("LITTRIAGE_LLM_KEY", KEY)

    with (
        pytest.raises(SettingsError, match=r"price of qwen3:8b at localhost:11434/v1 is not known.*LLM_PRICE_IN"),
        wiring.assistant(unknown),
    ):
        pass
    for known in (
        replace(unknown, llm_price_in=0.0, llm_price_out=0.0),
        replace(unknown, llm_model="gpt-4o-mini", llm_url=""),
        replace(unknown, llm_usd=None),
    ):
        with wiring.assistant(known) as assistant:
            assert assistant is not None

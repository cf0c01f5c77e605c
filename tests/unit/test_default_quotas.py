"""The quotas that the settings ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.config import Settings
from bot.config_loading import load_settings
from bot.default_policy import default_quotas
from bot.domain.quota import Quota, QuotaHolder, QuotaMeasure, Rate
from bot.errors import ConfigError

WRITTEN = st.one_of(
    st.from_regex(r"\A[0-9]{1,10} ?(/|per) ?(minute|hour|day|week|Hour)s?\Z"),
    st.sampled_from(["30/hour", "5 per day", " 7/minute ", "NONE", "none", "", "0/day", "３/day"]),
    st.text(max_size=12),
)


def test_without_a_word_a_person_may_write_120_messages_an_hour(tmp_path: Path) -> None:
    settings = load_settings(env_file=tmp_path / "no.env", toml_file=tmp_path / "no.toml")
    assert default_quotas(settings) == {
        Quota(QuotaHolder.PERSON, QuotaMeasure.TURNS): Rate(amount=120, seconds=3600)
    }


def test_each_quota_has_its_setting() -> None:
    settings = Settings(
        **{
            f"quota_{holder}_{measure}": f"{number}/day"
            for number, (holder, measure) in enumerate(
                ((h, m) for h in QuotaHolder for m in QuotaMeasure), start=1
            )
        }  # type: ignore[arg-type]
    )
    quotas = default_quotas(settings)
    assert [quotas[Quota(h, m)].amount for h in QuotaHolder for m in QuotaMeasure] == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
    assert default_quotas(Settings(quota_person_turns="none")) == {}


@given(WRITTEN)
def test_whatever_a_setting_takes_is_a_rate_or_none(written: str) -> None:
    try:
        settings = Settings(quota_tenant_tokens=written)
    except ValidationError:
        with pytest.raises(ValueError, match="a quota is written like"):
            Rate.parse(written)
    else:
        rate = default_quotas(settings).get(Quota(QuotaHolder.TENANT, QuotaMeasure.TOKENS))
        assert (rate is None) is (written.strip().lower() == "none")


def test_another_one_is_refused_with_a_sentence_that_helps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ELLIE_QUOTA_PERSON_TURNS", "many")
    with pytest.raises(ConfigError) as caught:
        load_settings(env_file=tmp_path / "no.env", toml_file=tmp_path / "no.toml")
    (problem,) = caught.value.problems
    assert str(problem) == (
        "ELLIE_QUOTA_PERSON_TURNS: a quota is written like 30/hour, with minute, hour or day, and "
        "none is no quota. Example: ELLIE_QUOTA_PERSON_TURNS=60/hour"
    )

"""Which light a run has met, and which is new to it."""

import pytest

from lightnoise_train import config as configs
from lightnoise_train.config import FinetuneConfig, PretrainConfig
from lightnoise_train.evaluation.held_out import held_out, trained_under

ALL = ["bloom", "glare", "gamma_over", "gamma_under", "mixed", "their_code:fog"]


@pytest.mark.parametrize(
    ("met", "new"),
    [
        ([], ALL),
        (["bloom"], ["glare", "gamma_over", "gamma_under", "their_code:fog"]),
        (["gamma"], ["bloom", "glare", "their_code:fog"]),
        (["bloom", "gamma", "glare"], ["their_code:fog"]),
    ],
)
def test_what_is_new(met, new):
    assert held_out(ALL, met) == new


@pytest.mark.parametrize(
    ("settings", "met"),
    [
        (["arm=scratch"], []),
        (["arm=scratch", "noise.effects=[bloom]"], []),  # an arm that takes no noise
        (["arm=scratch", "recipe.light_noise=true", "noise.effects=[gamma_under,bloom]"], ["bloom", "gamma"]),
        (["arm=baseline_noise"], ["bloom", "gamma", "glare"]),  # any preset
        (["arm=baseline_noise", "noise.folder=noised"], None),
        (["arm=baseline_noise", "noise.spec={bloom: {scatter: 0.0}}"], []),
    ],
)
def test_what_a_run_has_met(settings, met):
    assert trained_under(configs.load(FinetuneConfig, None, settings)) == met


def test_what_pretraining_has_met(tmp_path):
    weights = tmp_path / "pre" / "encoder.pt"
    config = configs.load(FinetuneConfig, None, ["arm=simclr", f"simclr_weights={weights}"])
    assert trained_under(config) is None
    configs.save(configs.load(PretrainConfig, None, ["noise.effects=[glare]", "noise.severity=2"]), weights.parent)
    assert trained_under(config) == ["glare"]
    both = configs.load(
        FinetuneConfig,
        None,
        ["arm=simclr", f"simclr_weights={weights}", "recipe.light_noise=true", "noise.effects=[bloom]"],
    )
    assert trained_under(both) == ["bloom", "glare"]

"""The probe on pictures that any network can tell, from frames to the files."""

import json

import pytest
import torch
from coloured import coloured

from lightnoise_train.config import load
from lightnoise_train.errors import CheckpointError, ConfigError
from lightnoise_train.models.encoder import Encoder, save_encoder
from lightnoise_train.tasks.probe import probe
from lightnoise_train.tasks.settings import ProbeConfig

SMALL = ["encoder.name=test_resnet", "workers=0", "accelerator=cpu", "size=[32, 32]"]
LIGHT = ["test.effects=[gamma_under, bloom]", "test.severities=[5]"]


def both():
    return {"train": coloured(60, "train"), "test": coloured(30, "test")}


def run(out, *settings, **options):
    options = {"frames": both(), **options}
    path = probe(load(ProbeConfig, None, [*SMALL, *LIGHT, *settings]), out, **options)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("weights") / "encoder.pt"
    save_encoder(Encoder("test_resnet"), path)
    return path


def test_features_of_colours_tell_colours(tmp_path, weights):
    out = tmp_path / "probe"
    result = run(out, f"weights={weights}", "label_fractions=[0.01, 0.5, 1.0]", command="lightnoise-train probe …")
    assert (result["train_pictures"], result["test_pictures"]) == (60, 30)
    assert result["prior"] == pytest.approx(1 / 3)
    assert result["command"] == "lightnoise-train probe …"
    told = {(row["weights"], row["judge"], row["labels"]): row for row in result["summary"]}
    assert set(told) == {
        (name, judge, labels)
        for name in (str(weights), "random")
        for judge in ("knn", "linear")
        for labels in (3, 30, 60)
    }
    for name in (str(weights), "random"):
        assert told[name, "linear", 60]["clean"]["estimate"] > 0.9
        assert told[name, "linear", 60]["weight_decay"] in result["config"]["weight_decays"]
    for row in result["summary"]:
        lost = row["clean"]["estimate"] - row["noised"]["estimate"]
        assert row["lost"]["estimate"] == pytest.approx(lost, abs=2e-6)
        assert row["clean"]["low"] <= row["clean"]["estimate"] <= row["clean"]["high"]
    lights = [("clean", 0), ("gamma_under", 5), ("bloom", 5)]
    assert [(row["effect"], row["severity"]) for row in result["conditions"]] == lights * 12
    assert [one["weights"] for one in result["similarity"]] == [str(weights), "random"]
    assert -1 <= result["similarity"][0]["conditions"][0]["similarity"] < 1
    assert "| random " in (out / "probe.md").read_text(encoding="utf-8")
    saved = load(ProbeConfig, out / "config.yaml")
    assert saved.label_fractions == [0.01, 0.5, 1.0]


def test_results_are_a_function_of_the_configuration(tmp_path, weights):
    settings = [f"weights={weights}", "label_fractions=[0.2]"]
    one = run(tmp_path / "one", *settings)
    again = run(tmp_path / "again", *settings, "batch=7")
    assert one["conditions"] == again["conditions"]
    other = run(tmp_path / "other", *settings, "seed=1")
    same, changed = ([row for row in each["summary"] if row["weights"] == "random"] for each in (one, other))
    assert same != changed  # other random weights, other labels


def test_random_weights_stand_alone_where_nothing_else_is_asked(tmp_path):
    result = run(tmp_path, "label_fractions=[1.0]", "train_count=30", "test.count=9")
    assert [row["weights"] for row in result["summary"]] == ["random"] * 2
    assert (result["train_pictures"], result["test_pictures"]) == (30, 9)


def test_what_is_wrong_is_told_before_anything_is_written(tmp_path, weights):
    with pytest.raises(ConfigError, match=r"test\.effects: effect must be one of"):
        run(tmp_path, "test.effects=[blooms]")
    with pytest.raises(CheckpointError, match=r"none\.pt does not exist"):
        run(tmp_path, "weights=none.pt")
    with pytest.raises(ConfigError, match=r"train_count: count must be from 3, one of each class, to 60, got 61"):
        run(tmp_path, "train_count=61")
    with pytest.raises(ConfigError, match="attribute: no frame has 'weather'; they have kind"):
        run(tmp_path, "attribute=weather")
    assert not list(tmp_path.iterdir())
    (tmp_path / "probe.json").write_text("{}")
    with pytest.raises(ConfigError, match="--overwrite replaces them"):
        run(tmp_path)
    assert run(tmp_path, "label_fractions=[1.0]", overwrite=True)["format"] == "lightnoise-train probe 1"

"""The benchmark on a few embedded scenes: every kind of model, and what goes wrong."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lightnoise_train import config as configs
from lightnoise_train.cli import main
from lightnoise_train.config import DataConfig, FinetuneConfig
from lightnoise_train.data.frames import FrameSet
from lightnoise_train.data.writing import make_roads
from lightnoise_train.errors import CheckpointError, ConfigError, DataError
from lightnoise_train.evaluation import benchmark, segmenters
from lightnoise_train.evaluation import course as course_module
from lightnoise_train.evaluation.benchmark import BenchmarkConfig
from lightnoise_train.evaluation.conditions import Judged
from lightnoise_train.evaluation.predictions import Prediction, read_predictions, write_predictions
from lightnoise_train.evaluation.predictors import FunctionPredictor, open_predictor, open_predictors
from lightnoise_train.evaluation.results import Run, read_results
from lightnoise_train.evaluation.segmenters import Pixels, lane_probability
from lightnoise_train.evaluation.tusimple import evaluate
from lightnoise_train.lanes.labels import FRAME_SIZE
from lightnoise_train.models.encoder import Encoder
from lightnoise_train.models.pixels import Normalize
from lightnoise_train.models.segmenter import LaneSegmenter, save_segmenter

SCENES = DataConfig(kind="roads", held_out=3)
CONFIG = BenchmarkConfig(data=SCENES, effects=["gamma_over", "mixed"], severities=[5])


@pytest.fixture(scope="module")
def course():
    return benchmark.course(CONFIG)


def oracle(course, lost_when=lambda image: False):
    """Return a function that knows the labels by the picture, and loses all lanes of some."""
    frames = iter(course.frames.frames)
    state = {"frame": None, "left": 0}

    def find(image, h_samples):
        if not state["left"]:
            state.update(frame=next(frames), left=len(course.conditions))
        state["left"] -= 1
        return [] if lost_when(image) else state["frame"].label.lanes.tolist()

    return FunctionPredictor(find, {"arm": "oracle", "encoder": "external", "seed": 0, "source": "oracle"})


def test_a_perfect_model_is_perfect_everywhere(course):
    verdict = benchmark.judge(oracle(course), course)
    assert len(verdict.rows) == 3 * 3
    assert {(row["accuracy"], row["fp"], row["fn"]) for row in verdict.rows} == {(1.0, 0.0, 0.0)}
    assert all(np.isnan(row["similarity"]) for row in verdict.rows)
    assert verdict.run["chance"] == {}


def test_a_model_that_bright_light_blinds(course):
    """Scores of each condition are those of its predictions."""
    clean = {course.frames.read(i).mean() for i in range(3)}
    verdict = benchmark.judge(oracle(course, lambda image: image.mean() not in clean), course)
    for row in verdict.rows:
        assert row["accuracy"] == (1.0 if row["effect"] == "clean" else 0.0)


def test_slow_models_are_not_punished(course):
    found = oracle(course)
    verdict = benchmark.judge(found, course)
    slow = [Prediction(p.raw_file, p.lanes, 900.0) for p in verdict.predictions[course.conditions[0]]]
    assert evaluate(slow, [frame.label for frame in course.frames.frames]).accuracy == 0.0
    assert verdict.rows[0]["accuracy"] == 1.0


def network(tmp_path, seed=0, arm="scratch", **changes):
    """Write a run of finetune with an untrained network."""
    folder = tmp_path / f"{arm}-{seed}"
    values = {"arm": arm, "seed": seed, "encoder": {"name": "test_resnet", "output_stride": None}, "size": [64, 64]}
    config = configs.check(FinetuneConfig, {**values, "data": SCENES.model_dump(), **changes}, "test")
    configs.save(config, folder)
    torch.manual_seed(seed)
    segmenter = LaneSegmenter(Encoder("test_resnet"), Normalize(), (64, 64)).eval()
    save_segmenter(segmenter, folder / segmenters.SEGMENTER_FILE)
    return folder, segmenter


def test_a_run_of_ours_knows_itself_and_its_features(tmp_path, course):
    folder, segmenter = network(tmp_path, seed=4)
    predictor = open_predictor(str(folder))
    assert predictor.identity == {
        **{"arm": "scratch", "encoder": "test_resnet", "seed": 4, "source": str(folder)},
        "trained_under": [],
    }
    verdict = benchmark.judge(predictor, course)
    of = {(row["effect"], row["severity"], row["frame"]): row for row in verdict.rows}
    frame = course.frames.frames[1]
    images = torch.stack(course.pictures(predictor.prepare)(course.frames[1], np.random.default_rng()).pictures)
    with torch.inference_mode():
        features = segmenter.features(images).mean(dim=(2, 3)).numpy()
    for (effect, severity), vector in zip(course.conditions, features, strict=True):
        cosine = vector @ features[0] / np.linalg.norm(vector) / np.linalg.norm(features[0])
        assert of[effect, severity, frame.key]["similarity"] == pytest.approx(cosine, abs=1e-5)
    assert verdict.run["chance"]["similarity"]["pairs"] == 3
    assert verdict.run["held_out"] == ["gamma_over", "mixed"]
    assert np.isnan(verdict.rows[0]["similarity_before"])  # from scratch, there is nothing before


def test_a_network_and_a_configuration_of_two_runs(tmp_path):
    folder, _ = network(tmp_path)
    config = folder / configs.FILE_NAME
    config.write_text(config.read_text().replace("test_resnet", "resnet18"))
    with pytest.raises(
        CheckpointError, match=r"segmenter\.pt holds a test_resnet, but config\.yaml beside it says resnet18"
    ):
        open_predictor(str(folder))
    (folder / "segmenter.pt").write_bytes((folder / "segmenter.pt").read_bytes()[:3000])
    with pytest.raises(CheckpointError, match=r"segmenter\.pt is cut short"):
        open_predictor(str(folder))


def test_features_before_fine_tuning(tmp_path, course):
    encoder = Encoder("test_resnet")
    torch.save(encoder.network.state_dict(), tmp_path / "encoder.pt")
    folder, _ = network(tmp_path, arm="simclr", simclr_weights=str(tmp_path / "encoder.pt"))
    predictor = open_predictor(str(folder))
    pixels = torch.rand(1, 3, 64, 64)
    as_pretrained = encoder.eval()(Normalize(encoder.mean, encoder.std)(pixels))
    assert torch.equal(predictor.segment.before(pixels), as_pretrained)  # not / 255, as the arm fine-tunes
    rows = benchmark.judge(predictor, course).rows
    before = np.array([row["similarity_before"] for row in rows])
    assert np.isfinite(before).all()
    assert (before != [row["similarity"] for row in rows]).any()
    (tmp_path / "encoder.pt").unlink()
    rows = benchmark.judge(open_predictor(str(folder)), course).rows
    assert np.isnan([row["similarity_before"] for row in rows]).all()


def test_batches_do_not_change_the_answer(tmp_path, course):
    folder, _ = network(tmp_path)
    whole = open_predictor(str(folder))
    parts = segmenters.SegmenterPredictor(whole.segment, whole.prepare, whole.identity, batch=2)
    frame = course.pictures(whole.prepare)(course.frames[0], np.random.default_rng())
    a, b = whole(frame, course.conditions), parts(frame, course.conditions)
    np.testing.assert_allclose(a.features, b.features, rtol=1e-4, atol=1e-5)
    assert len(b.predictions) == len(course.conditions)


class Bright(torch.nn.Module):
    """Lanes where it is bright."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 1, h, w)."""
        return (images.mean(dim=1, keepdim=True) - 0.5) * 20


def scripted(path):
    torch.jit.save(torch.jit.script(Bright()), str(path))


def exported(path):
    batch = torch.export.Dim("batch")
    example = torch.zeros(2, 3, 48, 96)
    torch.export.save(torch.export.export(Bright(), (example,), dynamic_shapes=({0: batch},)), str(path))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize(("save", "name"), [(scripted, "net.pt"), (exported, "net.pt2")])
def test_foreign_networks(tmp_path, course, save, name):
    path = tmp_path / name
    save(path)
    predictor = open_predictor(str(path), pixels=Pixels((48, 96)))
    assert predictor.identity["arm"] == "net"
    picture = np.zeros((72, 128, 3), np.uint8)
    picture[20:, 60:66] = 255
    label = course.frames.frames[0].label
    frame = Judged("a", label, [predictor.prepare(picture)])
    (found,) = predictor(frame, course.conditions[:1]).predictions
    assert len(found.lanes) == 1
    there = found.lanes[0] >= 0
    np.testing.assert_allclose(found.lanes[0][there], 629.5, atol=8)  # columns 60 to 65 of 128
    assert label.h_samples[there].max() == 710


@pytest.mark.parametrize(
    ("output", "kind", "expected"),
    [
        (np.zeros((2, 3, 4)), "logits", 0.5),
        (np.full((2, 1, 3, 4), 0.3), "probability", 0.3),
        (np.zeros((2, 4, 3, 4)), "logits", 0.75),  # three lanes and the background
        (np.stack([np.full((2, 3, 4), 0.9), np.full((2, 3, 4), 0.1)], 1), "probability", 0.1),
        (np.full((2, 3, 4), 800.0), "logits", 1.0),
    ],
)
def test_lane_probability(output, kind, expected):
    found = lane_probability(output, kind, "net")
    assert found.shape == (2, 3, 4)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_outputs_of_another_kind():
    with pytest.raises(CheckpointError, match=r"must put out \(B, h, w\) or \(B, C, h, w\), got \(5,\)"):
        lane_probability(np.zeros(5), "logits", "net")
    with pytest.raises(CheckpointError, match="no probability: say --output logits"):
        lane_probability(np.full((1, 3, 4), 7.0), "probability", "net")


def test_prediction_files_are_judged_where_they_are(tmp_path, course):
    verdict = benchmark.judge(oracle(course), course)
    folder = tmp_path / "theirs"
    write_predictions(folder / "clean.json", verdict.predictions[course.conditions[0]])
    empty = [Prediction(frame.key, np.empty((0, 0)), 1.0) for frame in course.frames.frames]
    write_predictions(folder / "mixed.json", empty)
    untouched = benchmark.Course(FrameSet(course.frames.frames, None), course.conditions, course.blocks, None)
    judged = benchmark.judge(open_predictor(str(folder)), untouched)  # no picture is made
    found = {(row["effect"], row["severity"]): row["accuracy"] for row in judged.rows}
    assert found == {("clean", 0): 1.0, ("mixed", 5): 0.0}


def test_prediction_files_that_lack_a_frame(tmp_path, course):
    write_predictions(tmp_path / "clean.json", [Prediction("other", np.empty((0, 0)))])
    with pytest.raises(DataError, match=r"clean\.json: has no prediction for clips/"):
        benchmark.judge(open_predictor(str(tmp_path)), course)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([[1.0, 2.0]], r"lanes of shape \(n, 56\), one column per h_sample, got \(1, 2\)"),
        ([[np.nan] * 56], "finite columns"),
        ("lanes", "one sequence of columns per lane"),
        ([[1] * 56, [1]], "one sequence of columns per lane"),
    ],
)
def test_functions_that_answer_wrongly(course, answer, message):
    predictor = FunctionPredictor(lambda image, rows: answer, {"arm": "f", "encoder": "e", "seed": 0, "source": "m:f"})
    with pytest.raises(DataError, match=message):
        benchmark.judge(predictor, course)


def test_functions_that_fail(course):
    def fails(image, rows):
        raise RuntimeError("out of luck")

    predictor = FunctionPredictor(fails, {"arm": "f", "encoder": "e", "seed": 0, "source": "m:f"})
    with pytest.raises(DataError, match=r"m:f failed on clips/.* \(clean\): RuntimeError: out of luck"):
        benchmark.judge(predictor, course)


def test_what_is_no_model(tmp_path):
    with pytest.raises(ConfigError, match="is no model: name a folder"):
        open_predictor("nothing/here")
    with pytest.raises(DataError, match="neither a finetune run"):
        open_predictor(str(tmp_path))
    with pytest.raises(ValueError, match="cannot import no_such_module"):
        open_predictor("no_such_module:find")
    (tmp_path / "net.pt").write_bytes(b"no network")
    with pytest.raises(CheckpointError, match="is no TorchScript file"):
        open_predictor(str(tmp_path / "net.pt"))


def test_onnx_without_its_runtime(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "net.onnx").write_bytes(b"")
    with pytest.raises(ConfigError, match="needs onnxruntime: pip install onnxruntime"):
        open_predictor(str(tmp_path / "net.onnx"))


def test_models_are_told_apart(tmp_path):
    first, second = network(tmp_path, seed=0)[0], network(tmp_path, seed=1)[0]
    found = open_predictors([str(first), f"mine={second}"])
    assert [each.identity["arm"] for each in found] == ["scratch", "mine"]
    with pytest.raises(ConfigError, match="two models are arm scratch, encoder test_resnet, seed 0"):
        open_predictors([str(first), str(first)])


def test_runs_of_different_data(tmp_path):
    first = network(tmp_path)[0]
    second = network(tmp_path, seed=1, data={"kind": "roads", "held_out": 9})[0]
    assert course_module.data_of_runs([first]) == SCENES
    with pytest.raises(ConfigError, match="differ in held_out: say what to judge them on"):
        course_module.data_of_runs([first, second])


def test_there_is_no_prior_where_all_frames_are_judged(tmp_path):
    make_roads(tmp_path, {"train": 2}, size=(36, 64))
    data = DataConfig(kind="tusimple", root=tmp_path, split="blocks", blocks={"test": 1.0})
    config = BenchmarkConfig(data=data)
    assert benchmark.prior(config, benchmark.course(config)) is None


def test_frames_of_a_drive_share_blocks():
    frames = benchmark.course(BenchmarkConfig(data=DataConfig(held_out=30))).frames
    of_roads = course_module.block_names(frames, SCENES)
    assert len(set(of_roads)) == 30
    tusimple = DataConfig(kind="tusimple", root="anywhere", blocks_per_drive=2)
    of_drives = course_module.block_names(frames, tusimple)
    assert len(set(of_drives)) == 2 * 5  # kinds of scenes stand for drives
    assert of_drives[0].startswith("test-day/")


class Interrupted(Exception):
    pass


def stop_after(number):
    """Return a progress bar that breaks down."""

    def progress(frames, total):
        for count, frame in enumerate(frames):
            if count == number:
                raise Interrupted
            yield frame

    return progress


def without_times(out):
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    found = {
        path.name: [(p.raw_file, p.lanes.tolist()) for p in read_predictions(path)]
        for path in sorted((out / "predictions").rglob("*.json"))
    }
    return lines, found


@pytest.mark.parametrize("torn", [False, True])
def test_an_interrupted_benchmark_goes_on_as_if_nothing_had_been(tmp_path, course, torn):
    first, second = (open_predictor(str(network(tmp_path, seed=seed)[0])) for seed in (0, 1))
    benchmark.run(CONFIG, [first, second], course, tmp_path / "whole")
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        benchmark.run(CONFIG, [first, second], course, out, progress=stop_after(2))
    assert not (out / "results.jsonl").exists()
    if torn:  # killed while writing
        journal = out / "journal" / "scratch-test_resnet-1.jsonl"
        journal.write_bytes(journal.read_bytes()[:-9])
    asked = []

    def count(frames, total):
        for frame in frames:
            asked.append(frame.key)
            yield frame

    benchmark.run(CONFIG, [first, second], course, out, resume=True, progress=count)
    assert asked == [frame.key for frame in course.frames.frames][1 if torn else 2 :]
    assert without_times(out) == without_times(tmp_path / "whole")
    assert not (out / "journal").exists()
    benchmark.run(CONFIG, [first, second], course, out, resume=True, progress=stop_after(0))  # all is done


def test_what_has_changed_is_not_gone_on_with(tmp_path, course):
    folder, _ = network(tmp_path)
    other = open_predictor(str(network(tmp_path, seed=1)[0]))
    models = [open_predictor(str(folder))]
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        benchmark.run(CONFIG, models, course, out, progress=stop_after(1))
    with pytest.raises(ConfigError, match="interrupted benchmark: --resume goes on"):
        benchmark.run(CONFIG, models, course, out)
    changed = CONFIG.model_copy(update={"seed": 4, "workers": 7})
    with pytest.raises(ConfigError, match="begun with another seed: --overwrite"):
        benchmark.run(changed, models, course, out, resume=True)
    torch.manual_seed(9)
    save_segmenter(LaneSegmenter(Encoder("test_resnet"), Normalize(), (64, 64)).eval(), folder / "segmenter.pt")
    with pytest.raises(ConfigError, match=r"scratch-test_resnet-0\.jsonl was begun with another weights"):
        benchmark.run(CONFIG, models, course, out, resume=True)
    benchmark.run(CONFIG, models, course, out, overwrite=True)
    with pytest.raises(ConfigError, match="holds results of other models"):
        benchmark.run(CONFIG, [other], course, out, resume=True)


def test_models_whose_files_would_overwrite_each_other_are_refused(tmp_path, course):
    models = [oracle(course), oracle(course)]
    for model, arm in zip(models, ("a/b", "a_b"), strict=True):
        model.identity["arm"] = arm
    with pytest.raises(ConfigError, match=r"2 models' files would all be named a_b-.*ARM=MODEL"):
        benchmark.run(CONFIG, models, course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_frames_without_labels_are_counted(tmp_path, course):
    for name in ("night", "dusk"):
        (tmp_path / "real" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "real" / name / "0.png"), np.zeros((36, 64, 3), np.uint8))
    config = CONFIG.model_copy(update={"unlabelled": [tmp_path / "real"]})
    two = [[400.0] * 56, [800.0] * 56]
    finds = FunctionPredictor(lambda image, rows: two, {"arm": "f", "encoder": "external", "seed": 0, "source": "f"})
    own = open_predictor(str(network(tmp_path)[0]))
    head = read_results(benchmark.run(config, [finds, own], course, tmp_path / "out")).headers[0]
    mine, theirs = head["unlabelled"]
    assert mine == {
        **{"arm": "f", "encoder": "external", "seed": 0, "folder": str(tmp_path / "real")},
        **{"frames": 2, "lanes": 2.0, "with_two": 1.0, "similarity": None},
    }
    assert -1.0 <= theirs["similarity"] <= 1.0
    written = read_predictions(tmp_path / "out" / "predictions" / "f-external-0" / "unlabelled-real.json")
    assert [p.raw_file for p in written] == ["dusk/0.png", "night/0.png"]


DETECTOR = """
def find(image, h_samples):
    return [[640.0] * len(h_samples)]
"""


def invoke(*arguments):
    return CliRunner().invoke(main, ["benchmark", *map(str, arguments)])


def test_the_command(tmp_path):
    (tmp_path / "detector.py").write_text(DETECTOR)
    run, _ = network(tmp_path)
    out = tmp_path / "out"
    options = [
        "--effect",
        "bloom",
        "--severity",
        5,
        "--workers",
        1,
        "--set",
        "workers=0",
        "--set",
        "data.count=5",
        "--out",
        out,
    ]
    models = ["--model", run, "--model", f"middle={tmp_path}/detector.py:find"]
    done = invoke(*models, *options)
    assert done.exit_code == 0, done.output
    assert "3 frames × 2 conditions × 2 models" in done.output
    assert "prior, the mean lanes of the training part: accuracy 0." in done.output
    results = read_results(out / "results.jsonl")
    assert 0.0 < results.headers[0]["prior"]["accuracy"] < 1.0
    assert results.runs == [Run("scratch", "test_resnet", 0), Run("middle", "external", 0)]
    assert len(results) == 3 * 2 * 2
    assert configs.load(BenchmarkConfig, out / "config.yaml").effects == ["bloom"]
    labels = [frame.label for frame in benchmark.course(BenchmarkConfig(data=SCENES)).frames.frames]
    written = read_predictions(out / "predictions" / "middle-external-0" / "bloom-5.json")
    score = evaluate(written, labels)
    assert results.where(arm="middle", effect="bloom")["accuracy"].mean() == pytest.approx(score.accuracy)
    examples = [json.loads(line) for line in (out / "examples.jsonl").read_text().splitlines()]
    assert {example["arm"] for example in examples} == {"scratch", "middle"}
    assert all((out / example["picture"]).is_file() for example in examples)
    again = invoke(*models, *options)
    assert again.exit_code == 2
    assert "holds results already" in again.output
    judged_again = invoke(
        "--model", f"files={out / 'predictions' / 'middle-external-0'}", "--scenes", 3, *options, "--overwrite"
    )
    assert judged_again.exit_code == 0, judged_again.output
    assert evaluate(written, labels).accuracy == pytest.approx(
        read_results(out / "results.jsonl").where(effect="bloom")["accuracy"].mean()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nothing"], "nothing is no model"),
        (["--model", "os:getcwd", "--effect", "fog"], "effect must be one of"),
        (["--model", "os:getcwd", "--scenes", 2, "--in", "x"], "contradict each other"),
        (["--model", "os:getcwd", "--in", "no/such/folder"], "no/such/folder: no such folder"),
        (["--model", "os:getcwd", "--input-size", "224"], "must be HEIGHTxWIDTH"),
        (["--model", "os:getcwd", "--device", "toaster"], "--device toaster"),
        (["--model", "os:getcwd", "--set", "colour=red"], "unknown key colour"),
        (["--model", "os:getcwd", "--camera", "box"], "camera must be one of"),
    ],
)
def test_bad_arguments(tmp_path, arguments, message):
    done = invoke(*arguments, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert message in done.output
    assert not (tmp_path / "out").exists()


def test_labels_are_in_pixels_of_the_official_frame(course):
    """Whatever the size of the pictures."""
    assert course.frames.read(0).shape[:2] != FRAME_SIZE
    assert max(frame.label.lanes.max() for frame in course.frames.frames) > 700

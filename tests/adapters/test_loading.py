import pickle
from hashlib import blake2b

import numpy as np
import pytest

from lightnoise import keyed, presets
from lightnoise.adapters.loading import EpochIndex, EpochSampler, KeyedDataset
from lightnoise.transforms import Gamma

SIZE = 8


class Frames:
    """Eight samples of one and the same small picture: what differs afterwards was drawn."""

    def __init__(self, channels_first=False):
        pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
        self.pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1)) if channels_first else pixels

    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        assert type(index) is int
        return {"image": self.pixels, "index": index}


def drawn_number(sample, generator):
    return sample["index"], int(generator.integers(2**62))


def noised(sample, generator):
    return {"image": presets.preset("tunnel_exit")(sample["image"], rng=generator), "index": sample["index"]}


def as_tensor(dataset_sample):
    import torch

    return {**dataset_sample, "image": torch.from_numpy(dataset_sample["image"])}


def pipelines(host):
    """Return (dataset, keyed function) with chance of the host's own in the pipeline."""
    if host == "functional":
        return Frames(), noised
    if host == "albumentations":
        A = pytest.importorskip("albumentations")
        from lightnoise.adapters import albumentations as adapter

        return Frames(), adapter.keyed(A.Compose([A.HorizontalFlip(), adapter.LightNoise(p=0.9)]))
    pytest.importorskip("torchvision")
    from torchvision.transforms import v2

    from lightnoise.adapters import torchvision as adapter

    noise = v2.RandomApply([adapter.LightNoise()], p=0.9)
    return Frames(channels_first=True), adapter.keyed(v2.Compose([as_tensor, v2.RandomHorizontalFlip(), noise]))


def epochs_of(loader, sampler, epochs):
    """Return for each epoch the pictures' digests by index."""
    seen = []
    for epoch in epochs:
        sampler.set_epoch(epoch)
        pictures = {}
        for batch in loader:
            for index, image in zip(batch["index"], batch["image"], strict=True):
                pictures[int(index)] = blake2b(np.asarray(image).tobytes(), digest_size=8).hexdigest()
        seen.append(pictures)
    return seen


def load(data, order=range(SIZE), epochs=(0, 1, 2), **options):
    from torch.utils.data import DataLoader

    sampler = EpochSampler(order)
    return epochs_of(DataLoader(data, batch_size=2, sampler=sampler, **options), sampler, epochs)


def test_an_index_with_its_epoch_is_a_plain_index_elsewhere():
    index = EpochIndex(3, 7)
    assert (index, index.epoch, "abcd"[index], {3: "x"}[index]) == (3, 7, "d", "x")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_the_epoch_travels_to_workers(protocol):
    again = pickle.loads(pickle.dumps(EpochIndex(3, 7), protocol))
    assert (type(again), again, again.epoch) == (EpochIndex, 3, 7)


def test_the_sampler_gives_the_order_of_the_one_it_wraps():
    sampler = EpochSampler([4, 1, 3])
    sampler.set_epoch(2)
    assert len(sampler) == 3
    assert [(index, index.epoch) for index in sampler] == [(4, 2), (1, 2), (3, 2)]


def test_a_pass_keeps_its_epoch():
    """Prefetching loaders take indices after the next epoch was set."""
    sampler = EpochSampler([0, 1])
    running = iter(sampler)
    sampler.set_epoch(5)
    assert [index.epoch for index in running] == [0, 0]


def test_the_generator_is_the_one_of_seed_item_and_epoch():
    data = KeyedDataset(Frames(), drawn_number, seed=7)
    for index, epoch in ((0, 0), (5, 0), (5, 3)):
        expected = int(keyed.generator(7, index, epoch).integers(2**62))
        assert data[EpochIndex(index, epoch)] == (index, expected)
    assert data[5] == data[EpochIndex(5, 0)]
    assert data[np.int64(5)] == data[5]
    assert data[-3] == data[5]
    assert KeyedDataset(Frames(), drawn_number, seed=8)[5] != data[5]


def test_its_length_and_end_are_the_datasets():
    data = KeyedDataset([{"index": 0}, {"index": 1}], drawn_number, seed=0)
    assert len(data) == 2
    with pytest.raises(IndexError):
        data[2]


def test_a_transform_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=r"transform must be a function \(sample, generator\)"):
        KeyedDataset(Frames(), Gamma().to_dict(), seed=0)


@pytest.mark.parametrize("host", ["functional", "albumentations", "torchvision"])
@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes:UserWarning")
def test_pictures_do_not_depend_on_workers(host):
    pytest.importorskip("torch")
    data = KeyedDataset(*pipelines(host), seed=7)
    expected = load(data)
    assert load(data, num_workers=2) == expected
    assert load(data, num_workers=3, persistent_workers=True, prefetch_factor=3) == expected
    # every draw is another one: no worker, item or epoch repeats what another one drew
    distinct = {picture for pictures in expected for picture in pictures.values()}
    skipped = {blake2b(data.dataset.pixels[..., ::step].tobytes(), digest_size=8).hexdigest() for step in (1, -1)}
    assert len(distinct - skipped) >= 0.7 * 3 * SIZE


@pytest.mark.slow
@pytest.mark.parametrize("host", ["functional", "albumentations", "torchvision"])
def test_pictures_do_not_depend_on_how_workers_start(host):
    pytest.importorskip("torch")
    data = KeyedDataset(*pipelines(host), seed=7)
    spawned = load(data, num_workers=2, persistent_workers=True, multiprocessing_context="spawn")
    assert spawned == load(data)


def test_a_resumed_run_goes_on_with_the_same_pictures():
    pytest.importorskip("torch")
    data = KeyedDataset(Frames(), noised, seed=7)
    assert load(data, epochs=(2,), num_workers=2) == load(data)[2:]


def test_neither_order_nor_rank_changes_a_picture():
    pytest.importorskip("torch")
    from torch.utils.data import DistributedSampler

    data = KeyedDataset(Frames(), noised, seed=7)
    expected = load(data)
    ranks = [load(data, DistributedSampler(data, num_replicas=2, rank=rank, seed=1)) for rank in (0, 1)]
    for epoch, pictures in enumerate(expected):
        assert ranks[0][epoch].keys() | ranks[1][epoch].keys() == set(range(SIZE))
        assert ranks[0][epoch] | ranks[1][epoch] == pictures
    assert list(ranks[0][0]) != list(ranks[0][1])  # it was told the epoch: another order in each


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
def test_what_it_cures():
    """Albumentations 2.0 alone: each worker repeats the others' draws, and each epoch the one before."""
    A = pytest.importorskip("albumentations")
    pytest.importorskip("torch")
    if not A.__version__.startswith("2.0."):
        pytest.skip("albumentationsx mixes the worker's seed in")
    from lightnoise.adapters.albumentations import LightNoise

    class Unkeyed(Frames):
        pipeline = A.Compose([LightNoise(p=1)], seed=1)

        def __getitem__(self, index):
            return self.pipeline(**super().__getitem__(int(index)))

    seen = load(Unkeyed(), epochs=(0, 1), num_workers=2)
    assert len(set(seen[0].values())) == SIZE // 2
    assert seen[0] == seen[1]

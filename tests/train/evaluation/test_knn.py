"""Nearest neighbours against scikit-learn-like loops and cases known by hand."""

import torch

from lightnoise_train.evaluation.knn import knn_accuracy, knn_classes, retrieval_accuracy


def naive(bank, bank_labels, queries, labels, neighbours, temperature):
    right = 0
    for query, label in zip(queries, labels, strict=True):
        cosine = [float(query @ one / query.norm() / one.norm()) for one in bank]
        votes = {}
        for index in sorted(range(len(bank)), key=lambda index: -cosine[index])[:neighbours]:
            kind = int(bank_labels[index])
            votes[kind] = votes.get(kind, 0) + torch.exp(torch.tensor(cosine[index] / temperature)).item()
        right += max(votes, key=votes.get) == int(label)
    return right / len(queries)


def clusters(count, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    return torch.eye(8)[labels] + 0.5 * torch.randn(count, 8, generator=generator), labels


def test_equals_a_loop():
    bank, bank_labels = clusters(40, 0)
    queries, labels = clusters(25, 1)
    for neighbours, temperature in ((1, 0.07), (5, 0.2), (100, 0.5)):
        found = knn_accuracy(bank, bank_labels, queries, labels, neighbours=neighbours, temperature=temperature)
        assert found == naive(bank, bank_labels, queries, labels, min(neighbours, 40), temperature)


def test_one_neighbour_is_the_nearest():
    bank, kinds = clusters(200, 3)
    queries, _ = clusters(1500, 4)  # more than are compared at once
    cosine = torch.nn.functional.cosine_similarity(queries[:, None], bank[None], dim=2)
    assert torch.equal(knn_classes(bank, kinds, queries, neighbours=1), kinds[cosine.argmax(1)])


def test_leaves_one_out():
    bank = torch.eye(6)  # each one's nearest is itself, and nobody else helps
    labels = torch.arange(6)
    assert knn_accuracy(bank, labels, bank, labels, neighbours=1) == 1
    assert knn_accuracy(bank, labels, bank, labels, neighbours=1, same=True) == 0
    features, kinds = clusters(2000, 2)
    assert knn_accuracy(features, kinds, features, kinds, same=True) > 0.6


def test_retrieval_counts_own_images_found():
    clean = torch.eye(4)
    assert retrieval_accuracy(clean, clean) == 1
    assert retrieval_accuracy(clean, clean[[1, 0, 2, 3]]) == 0.5

import cv2
import pytest

from lightnoise_train.data import folder
from lightnoise_train.errors import DataError


def test_images_below_a_folder_in_order(tmp_path, picture):
    for name in ("b/2.png", "b/10.jpg", "a/x.JPG", "top.bmp", "b/deep/er/y.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), picture(1))
    (tmp_path / "labels.json").write_text("{}")
    data = folder.load(tmp_path)
    assert [frame.key for frame in data.frames] == ["a/x.JPG", "b/10.jpg", "b/2.png", "b/deep/er/y.webp", "top.bmp"]
    assert data.read(3).shape == (72, 128, 3)
    assert [frame.key for frame in data.subset([4, 0]).frames] == ["top.bmp", "a/x.JPG"]
    assert [frame.key for frame in data.select(lambda frame: frame.key.startswith("b/")).frames] == [
        "b/10.jpg",
        "b/2.png",
        "b/deep/er/y.webp",
    ]


def test_folders_without_images_are_named(tmp_path):
    with pytest.raises(DataError, match="holds no images"):
        folder.load(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        folder.load(tmp_path / "nowhere")

import io

import pytest

from lightnoise.batch import progress
from lightnoise.batch.progress import Progress, duration, size


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar():
    stream = Terminal()
    with Progress(3, stream) as shown:
        for _ in range(3):
            shown.step()
    assert "3/3" in stream.getvalue()
    assert "img/s" in stream.getvalue()


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(1000, stream) as shown:
        for _ in range(50):
            now[0] += 0.5
            shown.step()
    assert stream.getvalue().splitlines() == [
        "20 of 1000 done, 2.0 images/s, 8 min 10 s left",
        "40 of 1000 done, 2.0 images/s, 8 min 0 s left",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7384, "2 h 3 min"), (-1, "0 s")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(5, "5 B"), (1234, "1.2 kB"), (5e9, "5.0 GB"), (3.2e13, "32.0 TB")])
def test_sizes(count, text):
    assert size(count) == text

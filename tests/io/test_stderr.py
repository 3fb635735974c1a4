import os

from lightnoise.io.stderr import captured_stderr


def test_lines_are_taken_and_stderr_comes_back(capfd):
    with captured_stderr() as lines:
        os.write(2, b"one\ntwo\n")
    os.write(2, b"after\n")
    assert lines == [b"one", b"two"]
    assert capfd.readouterr().err == "after\n"


def test_a_flood_does_not_block(capfd):
    with captured_stderr() as lines:
        try:
            for _ in range(100):
                os.write(2, b"x" * 4096)
        except BlockingIOError:
            pass
    assert len(lines[0]) >= 4096
    assert capfd.readouterr().err == ""


def test_silence_is_empty():
    with captured_stderr() as lines:
        pass
    assert lines == []


def test_no_descriptor_is_left_open():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(50):
        with captured_stderr():
            pass
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before

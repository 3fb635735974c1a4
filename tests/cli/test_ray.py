import pytest


@pytest.mark.slow
def test_ray_makes_the_same_bytes(tool, frames, tmp_path, pictures, lines):
    pytest.importorskip("ray")
    run = ("apply", "--in", frames, "--copies", 3)
    tool.ok(*run, "--out", tmp_path / "one", "--workers", 1)
    code, summary, _ = tool.finish(
        tool.start(*run, "--out", tmp_path / "ray", "--workers", 2, "--engine", "ray"), timeout=300
    )
    assert code == 0, summary
    assert pictures(tmp_path / "ray") == pictures(tmp_path / "one")
    assert lines(tmp_path / "ray") == lines(tmp_path / "one")

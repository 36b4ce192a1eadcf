"""A quarter of a minute of what `make soak` does for ten minutes."""

from tests.faults.scene import Scene
from tests.soak.run import Plan, soak

ROUGH = 2.0, 4.0  # Seconds between two kills.


async def test_a_steady_mix_survives_random_kills_with_green_books(scene: Scene) -> None:
    verdict = await soak(scene, Plan(15.0, 2, 40, ROUGH, seed=20260115))

    assert verdict.is_green, verdict.in_words()
    assert verdict.kills.total() >= 2
    assert verdict.answers.keys() <= {"ok", "conflict"}, "a conflict: it failed before it was asked"
    assert verdict.sites == verdict.sites_made > 0

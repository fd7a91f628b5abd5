"""Growth over the last second."""

from iot_facerecognition_edge.statistics.growth import Growth


def test_growth_is_the_slope_of_the_last_second_and_survives_a_restarted_counter() -> None:
    growth = Growth()
    assert growth.read(0, 1000) == 0
    assert growth.read(0.5, 1500) == 1000
    assert growth.read(1.0, 2000) == 1000
    assert growth.read(2.0, 6000) == 4000
    assert growth.read(2.5, 10) == 0
    assert growth.read(3.0, 110) == 200

"""Who a track is: a few descriptors that vote."""

import numpy as np

from iot_facerecognition_server.frames import NAMED_FROM, Match
from iot_facerecognition_server.tracking.identity import SAMPLES, Sample, TrackIdentity, Verdict


def sample(direction: int, quality: float = 1.0, off: float = 0.0) -> Sample:
    descriptor = np.zeros(128, np.float32)
    descriptor[direction], descriptor[127] = 1.0, off
    return Sample(descriptor, quality, 0.0)


def test_one_unlike_descriptor_is_a_doubt_and_a_second_alike_is_another_person():
    identity = TrackIdentity(sample(0))
    assert identity.update(sample(1)) is Verdict.DOUBTFUL
    assert identity.doubtful
    assert identity.update(sample(1, off=0.2)) is Verdict.ANOTHER


def test_a_doubt_passes_when_the_next_descriptor_is_alike_again():
    identity = TrackIdentity(sample(0))
    identity.update(sample(1))
    assert identity.update(sample(0, off=0.3)) is Verdict.SAME
    assert not identity.doubtful
    assert identity.update(sample(2)) is Verdict.DOUBTFUL


def test_two_unlike_descriptors_that_are_unlike_each_other_say_nothing():
    identity = TrackIdentity(sample(0))
    identity.update(sample(1))
    assert identity.update(sample(2)) is Verdict.DOUBTFUL


def test_samples_are_few_the_best_and_the_newest():
    identity = TrackIdentity(sample(0, 0.5))
    for quality in (0.9, 0.2, 0.7, 0.4, 0.8, 0.3):
        identity.accept(sample(0, quality))
    assert [one.quality for one in identity.samples] == [0.9, 0.7, 0.8, 0.3]
    assert len(identity.samples) == SAMPLES
    assert identity.best.quality == 0.9


def test_a_face_that_is_too_poor_to_tell_says_no_name():
    identity = TrackIdentity(sample(0, NAMED_FROM / 2))
    identity.vote([Match("ann", 0.3)])
    assert (identity.tag, identity.distance) == ("", 0.3)
    identity.accept(sample(0, NAMED_FROM))
    identity.vote([Match("bo", 0.5), Match("ann", 0.4)])
    assert (identity.tag, identity.distance) == ("ann", 0.4)


def test_a_name_is_changed_by_a_clear_majority_only():
    identity = TrackIdentity(sample(0, 2.0))
    identity.vote([Match("ann", 0.3)])
    assert (identity.tag, identity.distance) == ("ann", 0.3)
    identity.accept(sample(0, 2.5))
    identity.vote([Match("ann", 0.3), Match("ben", 0.2)])
    assert identity.tag == "ann"
    identity.accept(sample(0, 2.5))
    identity.vote([Match("ann", 0.3), Match("ben", 0.2), Match("ben", 0.4)])
    assert (identity.tag, identity.distance) == ("ben", 0.2)


def test_a_name_that_nothing_speaks_for_any_more_goes_at_once():
    identity = TrackIdentity(sample(0))
    identity.vote([Match("ann", 0.3)])
    identity.vote([Match("", 0.9)])
    assert (identity.tag, identity.distance) == ("", 0.9)


def test_who_is_known_again_keeps_the_number_and_earns_the_name_anew():
    identity = TrackIdentity(sample(0, 2.0))
    identity.vote([Match("ann", 0.3)])
    identity.number = 7
    identity.reset(sample(0, 1.0, off=0.4))
    assert (identity.number, identity.tag, identity.distance) == (7, "", None)
    identity.vote([Match("", 0.65)])
    assert (identity.tag, identity.best.quality) == ("", 1.0)

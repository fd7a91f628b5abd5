"""Every stage of an update, with every news that there can be."""

import pytest

from iot_facerecognition_server.fleet.edge import UpdateStage
from iot_facerecognition_server.fleet.transitions import TABLE, News

COLUMNS = (
    News.EDGE_INSTALLING,
    News.EDGE_ON_PROBATION,
    News.EDGE_GOOD,
    News.EDGE_ROLLED_BACK,
    News.EDGE_SKIPPED,
    News.EDGE_KNOWS_OF_NONE,
    News.WANTED,
    News.MET,
    News.ACKNOWLEDGED,
    News.SILENT,
    News.REPORTED_INSTALLING,
    News.REPORTED_ROLLED_BACK,
    News.REPORTED_SKIPPED,
    News.REPORTED_LOST,
)
# What each leads to: i(nstalling) p(robation) g(ood) r(olled back) s(kipped) l(ost) w(anted, so
# pending), 0 for no update; a dot where it changes nothing.
EXPECTED = """
              edge says: i p g r s none   wanted met   acknowledged silent   told: i r s l
none                     i p g r s .      w      .     .            .              i r s l
pending                  i p p r s .      w      0     .            .              i r s l
installing               i p p r s .      .      .     .            l              i r s l
probation                . p p r . .      .      .     g            l              p r . l
good                     . . . r . .      w      .     .            .              i r s .
rolled-back              . . . r . .      w      0     .            .              i r s .
skipped                  i p . . s .      w      0     .            .              i r s .
lost                     i p p r s w      .      .     .            .              i r s l
"""
LETTERS = {
    "i": UpdateStage.INSTALLING,
    "p": UpdateStage.PROBATION,
    "g": UpdateStage.GOOD,
    "r": UpdateStage.ROLLED_BACK,
    "s": UpdateStage.SKIPPED,
    "l": UpdateStage.LOST,
    "w": UpdateStage.PENDING,
    "0": None,
}
ROWS = {row.split()[0]: row.split()[1:] for row in EXPECTED.strip().splitlines()[1:]}
CELLS = [
    (name, news, letter)
    for name, letters in ROWS.items()
    for news, letter in zip(COLUMNS, letters, strict=True)
]


@pytest.mark.parametrize(("name", "news", "letter"), CELLS)
def test_news_lead_where_they_should(name: str, news: News, letter: str) -> None:
    stage = None if name == "none" else UpdateStage(name)
    if letter == ".":
        assert news not in TABLE[stage]
    else:
        assert TABLE[stage][news] is LETTERS[letter]


def test_every_stage_and_all_news_are_in_the_table() -> None:
    assert set(COLUMNS) == set(News)
    assert set(ROWS) == {"none", *UpdateStage}
    assert set(TABLE) == {None, *UpdateStage}


def test_only_the_server_itself_makes_an_update_good() -> None:
    leading = {
        (stage, news)
        for stage, following in TABLE.items()
        for news, to in following.items()
        if to is UpdateStage.GOOD
    }
    of_before = (None, News.EDGE_GOOD)
    assert leading == {(UpdateStage.PROBATION, News.ACKNOWLEDGED), of_before}

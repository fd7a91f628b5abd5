"""The charts."""

import math

import pytest

from iot_facerecognition_edge.statistics import ChartId, PieChart
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import Face, ObjectLabel


@pytest.fixture
def charts(finger):
    appliance = finger.appliance
    appliance.settings.set("statistics.antialiasing", False)
    start = appliance.now - 20
    for number in range(200):
        time = start + number / 10
        tagged = [Face("Ada", 1, 1, 9, 9)] * (2 if number < 100 else 1)
        appliance.statistics.faces(time, [*tagged, Face("", 1, 1, 9, 9)])
        appliance.statistics.objects(time, [ObjectLabel("tabby cat", 0.9)])
        appliance.statistics.frame(time)
        appliance.statistics.sample(time, number * 10_000, number * 100)
    finger.app.open(Page.STATISTICS)
    finger.wait()
    return finger


def card(finger, chart):
    found = finger.view.board.cards[chart]
    finger.view.board._pane.reveal(found)
    finger.wait()
    return found


def test_the_charts_are_exported_and_a_full_disk_is_told_of(charts):
    charts.tap(charts.view.export_button)
    assert charts.appliance.done[-1] == ("export",)
    assert charts.app.toasts.shown is None
    charts.appliance.disk_full = True
    charts.tap(charts.view.export_button)
    charts.wait()
    assert "No space left" in charts.app.toasts.shown.text


def test_all_seven_charts_are_there(charts):
    assert list(charts.view.board.cards) == list(ChartId)
    titles = [found.shown.title for found in charts.view.board.cards.values()]
    assert titles == [chart.heading for chart in ChartId]


def test_a_pie_has_slices_of_the_right_size_in_the_right_place(charts):
    found = card(charts, ChartId.FACES)
    shares = [(piece.label, round(piece.share, 3)) for piece in found.shown.slices]
    assert shares[0] == ("Ada", 0.6)
    assert shares[1][1] == 0.4
    first, second = charts.app.look.colours.series[:2]
    gap = charts.app.look.metrics.gap
    title = charts.app.look.type.height(Style.BOLD)
    top = found.rect.y + gap + title + gap // 2
    height = found.rect.bottom - gap - top
    centre = (found.rect.x + gap + height // 2, top + height // 2)
    for share in (0.05, 0.3, 0.55):
        assert charts.colour(*_on_ring(centre, height, share)) == first
    for share in (0.65, 0.8, 0.95):
        assert charts.colour(*_on_ring(centre, height, share)) == second


def _on_ring(centre, side, share):
    angle = 2 * math.pi * share - math.pi / 2
    radius = side / 2 * 0.75
    return round(centre[0] + radius * math.cos(angle)), round(centre[1] + radius * math.sin(angle))


def test_a_line_goes_through_the_right_points(charts):
    found = card(charts, ChartId.FACES_OVER_TIME)
    area = found.area
    series = charts.app.look.colours.series
    # One tagged and one untagged face now; the axis goes to 2 (the running average is 1.5).
    tagged = found.shown.lines[0]
    assert tagged.points[-1][1] == 1
    row = area.y + (area.height - 1) // 2
    lit = {charts.colour(area.centerx, y) for y in range(row - 3, row + 4)}
    assert lit & {series[0], series[1]}
    for y in (area.y + 12, area.bottom - 12):
        assert charts.colour(area.centerx, y) not in series


def test_holding_a_finger_shows_the_whole_history(charts):
    found = card(charts, ChartId.FACES_OVER_TIME)
    assert found.shown.span == pytest.approx(3)
    charts.down(found)
    assert found.whole
    assert found.shown.span > 15
    assert {value for _, value in found.shown.lines[0].points} >= {1, 2}
    charts.up(found)
    assert found.shown.span == pytest.approx(3)


def test_a_finger_that_scrolls_shows_no_history(charts):
    charts.swipe((200, 280), (200, 150))
    assert not any(found.whole for found in charts.view.board.cards.values())
    assert charts.view.board._pane.offset > 0


def test_a_chart_is_switched_off_and_on(charts):
    board = charts.view.board
    charts.tap(board.chips[ChartId.OBJECTS])
    assert ChartId.OBJECTS not in board.cards
    assert charts.appliance.settings.statistics.objects is False
    assert not board.chips[ChartId.OBJECTS].selected
    charts.tap(board.chips[ChartId.OBJECTS])
    assert list(board.cards) == list(ChartId)


def test_without_any_chart_it_is_said_how_to_get_one(charts):
    for chart in ChartId:
        charts.appliance.settings.set(f"statistics.{chart}", False)
    charts.app.back()
    charts.app.open(Page.STATISTICS)
    charts.wait()
    assert charts.view.board.cards == {}
    charts.tap(charts.view.board.chips[ChartId.FACES])
    assert list(charts.view.board.cards) == [ChartId.FACES]


def test_charts_are_drawn_a_few_times_a_second_and_only_where_they_are_seen(charts):
    charts.drawn()
    for _ in range(10):
        charts.appliance.statistics.frame(charts.appliance.now)
        charts.wait(0.1)
    seen = charts.view.board._pane.rect
    drawn = charts.drawn()
    assert all(seen.contains(rect) for rect in drawn)
    assert len(drawn) <= 3 * 3


def test_nothing_recorded_gives_empty_charts(finger):
    finger.app.open(Page.STATISTICS)
    finger.wait()
    shown = finger.view.board.cards[ChartId.OBJECTS].shown
    assert isinstance(shown, PieChart)
    assert shown.slices == ()


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (800, 480), (1920, 1080)])
@pytest.mark.parametrize("smooth", [True, False])
def test_cards_are_seen_whole_and_apart(finger_on, size, smooth):
    finger = finger_on(size)
    finger.appliance.settings.set("statistics.antialiasing", smooth)
    finger.app.open(Page.STATISTICS)
    finger.wait()
    board = finger.view.board
    rects = [found.rect for found in board.cards.values()]
    for number, rect in enumerate(rects):
        assert rect.height <= board._pane.rect.height
        assert rect.width <= board._pane.rect.width
        assert rect.collidelist(rects[number + 1 :]) == -1

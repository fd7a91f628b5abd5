"""What is drawn anew, and whose a finger is."""

import pygame
import pytest

from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase, Wheel
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.ui.controls import Button, Label, Panel
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.slider import Slider, Span
from iot_facerecognition_edge.ui.stage import Layer, Stage

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


@pytest.fixture
def screen():
    return MemoryScreen((200, 100))


@pytest.fixture
def look(screen):
    return Look(screen.canvas, RED, dark=True)


@pytest.fixture
def stage(look, screen):
    return Stage(look, screen.canvas)


def layer_of(look, *widgets, opaque=False, modal=True):
    layer = Layer(look)
    layer.opaque, layer.modal = opaque, modal
    for widget in widgets:
        layer.add(widget)
    return layer


def touch(stage, *places):
    """Press, move along and lift."""
    phases = [TouchPhase.DOWN, *[TouchPhase.MOVE] * (len(places) - 1)]
    for phase, place in zip(phases, places, strict=True):
        stage.handle(Pointer(phase, *place))
    stage.handle(Pointer(TouchPhase.UP, *places[-1]))


def test_nothing_is_drawn_when_nothing_changed(stage, look):
    stage.push(layer_of(look, Panel(look, RED)))
    assert stage.render() == [pygame.Rect(0, 0, 200, 100)]
    assert stage.render() == []


def test_only_what_changed_is_drawn(stage, look, screen):
    back, panel = Panel(look, RED), Panel(look, GREEN)
    stage.push(layer_of(look, back, panel))
    back.place(pygame.Rect(0, 0, 200, 100))
    panel.place(pygame.Rect(10, 10, 20, 20))
    stage.render()
    screen.canvas.fill((1, 2, 3))
    panel.fill = BLUE
    panel.changed()
    assert stage.render() == [pygame.Rect(10, 10, 20, 20)]
    assert screen.canvas.get_at((15, 15))[:3] == BLUE
    assert screen.canvas.get_at((5, 5))[:3] == (1, 2, 3)


def test_a_widget_that_moves_uncovers_what_was_beneath(stage, look, screen):
    back, panel = Panel(look, RED), Panel(look, GREEN)
    stage.push(layer_of(look, back, panel))
    back.place(pygame.Rect(0, 0, 200, 100))
    panel.place(pygame.Rect(10, 10, 20, 20))
    stage.render()
    panel.place(pygame.Rect(100, 50, 20, 20))
    assert sorted(map(tuple, stage.render())) == [(10, 10, 20, 20), (100, 50, 20, 20)]
    assert screen.canvas.get_at((15, 15))[:3] == RED
    assert screen.canvas.get_at((105, 55))[:3] == GREEN


def test_a_hidden_widget_is_neither_drawn_nor_asks_to_be(stage, look, screen):
    back, panel = Panel(look, RED), Panel(look, GREEN)
    stage.push(layer_of(look, back, panel))
    back.place(pygame.Rect(0, 0, 200, 100))
    panel.place(pygame.Rect(10, 10, 20, 20))
    panel.visible = False
    stage.render()
    assert screen.canvas.get_at((15, 15))[:3] == RED
    panel.changed()
    assert stage.render() == []
    panel.visible = True
    assert stage.render() == [pygame.Rect(10, 10, 20, 20)]


def test_the_same_text_again_draws_nothing(stage, look):
    label = Label(look, "one", RED)
    stage.push(layer_of(look, label))
    label.place(pygame.Rect(0, 0, 50, 20))
    stage.render()
    label.text = "one"
    assert stage.render() == []
    label.text = "two"
    assert stage.render() == [pygame.Rect(0, 0, 50, 20)]


def test_layers_beneath_an_opaque_one_are_not_drawn(stage, look):
    drawn = []
    lower = layer_of(look, opaque=True)
    lower.draw = lambda canvas: drawn.append("lower")
    upper = layer_of(look, opaque=True)
    upper.draw = lambda canvas: drawn.append("upper")
    stage.push(lower)
    stage.push(upper, pygame.Rect(50, 0, 150, 100))
    stage.render()
    drawn.clear()
    upper.changed(pygame.Rect(60, 10, 5, 5))
    stage.render()
    assert drawn == ["upper"]
    drawn.clear()
    stage.remove(upper)
    stage.render()
    assert drawn == ["lower"]


def test_many_small_changes_are_drawn_as_few(stage, look):
    stage.push(layer_of(look))
    stage.render()
    for number in range(40):
        stage.damage(pygame.Rect(number * 5, number * 2, 3, 1))
    assert len(stage.render()) == 1
    stage.damage(pygame.Rect(0, 0, 10, 10))
    stage.damage(pygame.Rect(5, 5, 10, 10))
    assert stage.render() == [pygame.Rect(0, 0, 15, 15)]


def test_a_tap_belongs_to_the_topmost_widget(stage, look):
    told = []
    low, high = (Button(look, lambda name=name: told.append(name)) for name in ("low", "high"))
    stage.push(layer_of(look, low, high))
    for button in (low, high):
        button.place(pygame.Rect(10, 10, 50, 50))
    touch(stage, (20, 20))
    assert told == ["high"]
    high.visible = False
    touch(stage, (20, 20))
    assert told == ["high", "low"]


def test_a_tap_that_leaves_its_button_does_nothing(stage, look):
    told = []
    button = Button(look, lambda: told.append("tapped"))
    stage.push(layer_of(look, button))
    button.place(pygame.Rect(10, 10, 50, 50))
    touch(stage, (20, 20), (150, 90))
    assert told == []
    assert not button.pressed


def test_a_disabled_button_cannot_be_tapped(stage, look):
    told = []
    button = Button(look, lambda: told.append("tapped"))
    button.enabled = False
    stage.push(layer_of(look, button))
    button.place(pygame.Rect(10, 10, 50, 50))
    touch(stage, (20, 20))
    assert told == []


def test_a_modal_layer_keeps_touches_from_what_is_beneath(stage, look):
    told = []
    button = Button(look, lambda: told.append("tapped"))
    stage.push(layer_of(look, button))
    button.place(pygame.Rect(10, 10, 50, 50))
    upper = layer_of(look)
    upper.outside = lambda: told.append("outside")
    stage.push(upper, pygame.Rect(100, 0, 50, 50))
    touch(stage, (20, 20))
    assert told == ["outside"]
    upper.modal = False
    touch(stage, (20, 20))
    assert told == ["outside", "tapped"]


def rows_in_a_pane(look, told):
    def lay_out(area):
        for number, row in enumerate(pane.children):
            row.place(pygame.Rect(area.x, area.y + 40 * number, area.width, 40))
        return 40 * len(pane.children)

    pane = ScrollPane(look, BLUE, lay_out)
    for number in range(10):
        pane.add(Button(look, lambda number=number: told.append(number)))
    return pane


def test_a_row_of_a_pane_can_be_tapped_and_the_pane_dragged(stage, look):
    told = []
    pane = rows_in_a_pane(look, told)
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 0, 200, 100))
    touch(stage, (20, 60))
    assert told == [1]
    stage.now = 5.0
    touch(stage, (20, 90), (20, 80), (20, 30))
    assert told == [1]
    assert pane.offset == 60
    touch(stage, (20, 25))
    assert told == [1, 2]


def test_a_pane_ends_where_its_content_ends(stage, look):
    pane = rows_in_a_pane(look, [])
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 0, 200, 100))
    pane.scroll_to(10_000)
    assert pane.offset == 300
    assert pane.children[-1].rect.bottom == 100
    pane.scroll_to(-5)
    assert pane.offset == 0


def test_a_flung_pane_keeps_moving_and_comes_to_rest(stage, look):
    pane = rows_in_a_pane(look, [])
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 0, 200, 100))
    stage.now = 1.0
    stage.handle(Pointer(TouchPhase.DOWN, 20, 90))
    for number in range(1, 5):
        stage.now += 0.02
        stage.handle(Pointer(TouchPhase.MOVE, 20, 90 - 10 * number))
    stage.handle(Pointer(TouchPhase.UP, 20, 50))
    thrown = pane.offset
    rounds = 0
    while stage.advance(stage.now + 0.03) is not None:
        rounds += 1
        assert rounds < 300
    assert pane.offset > thrown + 20


def test_what_lies_outside_a_pane_is_not_drawn(stage, look, screen):
    pane = rows_in_a_pane(look, [])
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 20, 200, 50))
    screen.canvas.fill((1, 2, 3))
    stage.render()
    pane.children[0].changed()
    pane.children[5].changed()
    assert stage.render() == [pygame.Rect(0, 20, 200, 40)]
    assert screen.canvas.get_at((5, 75))[:3] == (1, 2, 3)


def test_a_wheel_scrolls_the_pane_under_it(stage, look):
    pane = rows_in_a_pane(look, [])
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 0, 200, 100))
    stage.handle(Wheel(50, 50, -1))
    assert pane.offset == look.metrics.target


def test_a_slider_follows_a_finger_that_moves_along_and_the_pane_one_that_moves_across(stage, look):
    changed, moved = [], []
    slider = Slider(look, Span(0, 10, 1), changed.append, moved.append, BLUE)

    def lay_out(area):
        slider.place(pygame.Rect(area.x, area.y, 200, 50))
        return 500

    pane = ScrollPane(look, BLUE, lay_out)
    pane.add(slider)
    stage.push(layer_of(look, pane))
    pane.place(pygame.Rect(0, 0, 200, 100))
    slider.show(0)
    track = slider.children[1].rect
    touch(stage, (track.x + 10, 25), (track.centerx, 26))
    assert changed == [5]
    assert moved[-1] == 5
    touch(stage, (track.x + 10, 45), (track.x + 12, 5))
    assert changed == [5]
    assert pane.offset == 40


def test_the_buttons_of_a_slider_go_by_one_step(stage, look):
    changed = []
    slider = Slider(look, Span(0, 10, 2), changed.append, lambda value: None, BLUE)
    stage.push(layer_of(look, slider))
    slider.place(pygame.Rect(0, 0, 200, 50))
    slider.show(4)
    less, _, more = slider.children
    touch(stage, more.rect.center)
    touch(stage, less.rect.center)
    assert changed == [6, 2]
    slider.show(10)
    touch(stage, more.rect.center)
    assert changed == [6, 2]


@pytest.mark.parametrize(
    ("span", "value", "snapped"),
    [(Span(1, 10, 1), 3.4, 3), (Span(0, 1, 0.25), 0.4, 0.5), (Span(-10, 10, 5), 99, 10)],
)
def test_spans_know_only_their_steps(span, value, snapped):
    assert span.snap(value) == snapped

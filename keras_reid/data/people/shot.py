"""One crop: who passes which camera, where in its picture, in which pose, behind what."""

import dataclasses
import functools
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from keras_reid.data.people.body import body_tubes
from keras_reid.data.people.camera import draw_camera, photograph
from keras_reid.data.people.figure import draw_person
from keras_reid.data.people.obstacles import obstacle_tubes
from keras_reid.data.people.pose import draw_pose
from keras_reid.data.people.scene import HEIGHT, WIDTH
from keras_reid.data.people.seeds import between, pick, stream
from keras_reid.data.people.style import STYLES
from keras_reid.data.people.tubes import Canvas, View

OVERSAMPLING = 2  # canvas rows to a row of the file


@dataclasses.dataclass(frozen=True)
class World:
    """Everything is drawn from a seed and a style; nothing else is remembered."""

    seed: int
    style: str

    def stream(self, kind, *key):
        """The random stream of one thing in this world."""
        return stream(self.seed, kind, self.style, *key)


@dataclasses.dataclass(frozen=True)
class Passing:
    """A person's way past one camera: what its images there have in common."""

    heading: float
    x: float
    step: float
    foot_row: float
    exposure: float
    shaded: float


@dataclasses.dataclass(frozen=True)
class Box:
    """How a detector framed somebody, relative to a good crop."""

    aside: float  # in widths of the crop
    below: float  # in its heights
    zoom: float


@functools.lru_cache(maxsize=16)
def camera_and_scene(world, camid):
    """The camera of that number and the picture behind everybody it sees."""
    style = STYLES[world.style]
    camera = draw_camera(world.stream("camera", camid), style.cameras)
    return camera, style.scene(world.stream("scene", camid), camera)


def person_crop(world, pid, camid, index, size):
    """uint8 [*size, 3]: image number `index` of a person under a camera."""
    person = _person(world, pid)
    passing = _passing(world.stream("passing", pid, camid), world, camid)
    rng = world.stream("shot", pid, camid, index)
    return _crop(world, camid, index, size, rng, person, passing, _good_box(rng))


def distractor_crop(world, camid, index, size):
    """uint8 [*size, 3]: what a detector took for a person: part of one, a thing, or nobody."""
    rng = world.stream("distractor", camid, index)
    passing = _passing(rng, world, camid)
    kind = pick(rng, {"part": 5, "thing": 3, "nobody": 2})
    person = _anybody(rng, world) if kind == "part" else None
    return _crop(world, camid, 0, size, rng, person, passing, _bad_box(rng), thing=kind == "thing")


def junk_crop(world, camid, index, size):
    """uint8 [*size, 3]: a badly framed person whom nobody is scored on."""
    rng = world.stream("junk", camid, index)
    passing = _passing(rng, world, camid)
    return _crop(world, camid, 0, size, rng, _anybody(rng, world), passing, _bad_box(rng))


@functools.lru_cache(maxsize=16)
def _person(world, pid):
    return draw_person(world.stream("person", pid), STYLES[world.style].wardrobe)


def _anybody(rng, world):
    return draw_person(rng, STYLES[world.style].wardrobe)


def _passing(rng, world, camid):
    camera, scene = camera_and_scene(world, camid)
    back = np.pi if rng.random() < 0.5 else 0.0
    return Passing(
        heading=camera.path + back + 0.2 * float(rng.standard_normal()),
        x=between(rng, (0.1, 0.9)) * WIDTH,
        step=between(rng, (-60, 60)),
        foot_row=between(rng, (0.48, 0.93)) * HEIGHT,
        exposure=float(np.exp(0.05 * rng.standard_normal())),
        shaded=between(rng, (0.6, 0.85)) if rng.random() < 0.1 else 1.0,
    )


def _good_box(rng):
    slip = 2.2 if rng.random() < 0.1 else 1.0
    return Box(
        aside=0.035 * slip * float(rng.standard_normal()),
        below=0.012 * slip * float(rng.standard_normal()),
        zoom=float(np.exp(0.04 * slip * rng.standard_normal())),
    )


def _bad_box(rng):
    away = 1 if rng.random() < 0.5 else -1
    return Box(
        aside=away * between(rng, (0.15, 0.5)),
        below=between(rng, (-0.3, 0.6)),
        zoom=between(rng, (0.6, 2.2)),
    )


def _crop(world, camid, index, size, rng, person, passing, box, thing=False):
    camera, scene = camera_and_scene(world, camid)
    height, width = OVERSAMPLING * size[0], OVERSAMPLING * size[1]
    distance = max(4.0, scene.distance(passing.foot_row))
    tall = math.cos(camera.pitch) / (1 - math.sin(camera.pitch) / distance)
    scale = 0.92 * height * box.zoom / tall
    foot = (width * (0.5 + box.aside), height * (0.96 + box.below + 0.4 * (box.zoom - 1)))
    margin = 0.08 * WIDTH
    x = margin + (passing.x + index * passing.step - margin) % (WIDTH - 2 * margin)
    room = (foot[1] / scale, (height - foot[1]) / scale)
    canvas = Canvas(scene.behind(x, passing.foot_row, (height, width), room))
    view = View(
        yaw=passing.heading + 0.15 * float(rng.standard_normal()),
        pitch=camera.pitch,
        scale=scale,
        foot=foot,
        distance=distance,
    )
    if rng.random() < 0.1:
        _companion(canvas, rng, world, view, camera)
    if person is not None:
        _stand(canvas, person, draw_pose(rng, person), view, camera)
    if thing or rng.random() < 0.12:
        _obstruct(canvas, rng, world, view, camera)
    shake = tuple(abs(spread * float(rng.standard_normal())) for spread in (1.2, 0.5))
    exposure = passing.exposure * passing.shaded * math.exp(0.04 * rng.standard_normal())
    noise = world.stream("noise", *rng.integers(0, 2**31, 2))
    return photograph(canvas.colours, camera, noise, size=size, exposure=exposure, shake=shake)


def _stand(canvas, person, pose, view, camera):
    """A person on the ground, with a shadow."""
    _cast_shadow(canvas, view, camera)
    canvas.draw(body_tubes(person, pose), view, camera.light)


def _cast_shadow(canvas, view, camera):
    """Darkens the ground along the way the light falls, most where the feet stand."""
    right, up, ahead = camera.light.direction
    reach = min(0.75 / max(up, 0.2), 1.6) * view.scale
    x, y = view.foot
    end = (x - right * reach, y - ahead * reach * np.sin(view.pitch))
    height, width = canvas.cover.shape
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    thick = 0.1 * view.scale
    far = [(end[0] + thick, end[1]), (end[0] - thick, end[1])]
    pen.polygon([(x - thick, y), (x + thick, y), *far], fill=150)
    flat = 0.1 * view.scale * np.sin(view.pitch)
    pen.ellipse((x - 1.5 * thick, y - 1.6 * flat, x + 1.5 * thick, y + 1.2 * flat), fill=255)
    mask = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.025 * view.scale)), np.float32) / 255
    canvas.colours *= (1 - camera.shadow * mask * (1 - 0.7 * canvas.cover))[..., None]


def _companion(canvas, rng, world, view, camera):
    """Somebody else, farther away."""
    other = _anybody(rng, world)
    side = 1 if rng.random() < 0.5 else -1
    zoom = between(rng, (0.55, 0.9))
    back = (1 - zoom) * camera.stature * view.scale * 0.45
    away = dataclasses.replace(
        view,
        yaw=camera.path + (np.pi if rng.random() < 0.5 else 0.0),
        scale=zoom * view.scale,
        foot=(view.foot[0] + side * between(rng, (0.17, 0.34)) * view.scale, view.foot[1] - back),
    )
    _stand(canvas, other, draw_pose(rng, other), away, camera)


def _obstruct(canvas, rng, world, view, camera):
    """Something nearer to the camera, over the lower part or a side of the crop."""
    kind = pick(rng, STYLES[world.style].obstacles)
    side = 1 if rng.random() < 0.5 else -1
    zoom = between(rng, (1.0, 1.25))
    drop = between(rng, (0.02, 0.12)) * view.scale
    if kind == "passer-by":
        foot = (view.foot[0] + side * between(rng, (0.2, 0.31)) * view.scale, view.foot[1] + drop)
        other = _anybody(rng, world)
        yaw = camera.path + (np.pi if rng.random() < 0.5 else 0.0)
        near = dataclasses.replace(view, yaw=yaw, scale=zoom * view.scale, foot=foot)
        _stand(canvas, other, draw_pose(rng, other), near, camera)
        return
    foot = (view.foot[0] + side * between(rng, (0.02, 0.2)) * view.scale, view.foot[1] + drop)
    near = dataclasses.replace(view, yaw=np.pi, scale=zoom * view.scale, foot=foot)
    canvas.draw(obstacle_tubes(rng, kind), near, camera.light)

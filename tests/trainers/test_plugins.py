"""Which paths, arguments and settings a plug-in takes; everything else is one sentence."""

import dataclasses
import json
import sys
import types

import pytest

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.runs.run_config import as_json, differences
from tests.commands import assert_refused, call
from tests.stacks import PAIR, addons_only, main_only
from tests.trainers.crowd import tiny, write_crowd
from trainers import addons, plugins
from trainers.embedder import EmbedderConfig, resolve
from trainers.embedder.config import remarks

OWN = "tests.trainers.own_plugins"
HARD = f"{OWN}:hard_mean"


def dry_run(*arguments):
    return call("trainers.train_embedder", "--dry_run", *arguments)


def test_a_plugin_starts_from_the_triplet_preset_and_is_printed():
    done = dry_run(
        f"--loss={HARD}", '--loss_args={"margin": 1}', f"--optimizer={OWN}:Descent",
        '--optimizer_args={"momentum": 0.9}',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed == as_json(
        resolve("triplet", loss=HARD, loss_args={"margin": 1}, optimizer=f"{OWN}:Descent",
                optimizer_args={"momentum": 0.9})
    )  # fmt: skip
    assert (printed["head"], printed["images_each"]) == ("triplet", 4)


def test_alone_on_the_small_model_it_reads_normalised_features():
    assert resolve("small", loss=HARD).head == "classification"
    assert resolve("small", loss=HARD, identity_weight=1.0).head == "strong"


def test_the_arguments_are_part_of_the_configuration():
    one, two = (as_json(resolve(loss=HARD, loss_args={"margin": m})) for m in (0.3, 0.5))
    assert differences(one, two) == ["loss_args.margin: 0.3 in the workdir, 0.5 now"]
    again = EmbedderConfig(**dataclasses.asdict(resolve(loss=HARD, loss_args={"margin": 0.3})))
    assert differences(one, as_json(again)) == []


@pytest.mark.parametrize(("path", "flag", "words"), [
    ("Circle", "loss", ["loss is 'Circle'", "classification, triplet, both, package.module:Name"]),
    ("Lion", "optimizer", ["optimizer is 'Lion'", "adam, adamw, package.module:Name"]),
    ("keras.losses.Circle", "loss", ["package.module:Name"]),
    ("a b:C", "loss", ["--loss=a b:C is no path", "package.module:Name", "keras.losses:Circle"]),
    (":C", "optimizer", ["is no path", "--optimizer=keras.optimizers:Lion"]),
    ("a:", "loss", ["is no path"]),
    ("a:b:c", "loss", ["is no path"]),
    ("nowhere.at.all:C", "loss", ["there is no module 'nowhere'", "install it"]),
    (f"{OWN}.deeper:C", "loss", ["there is no module", "own_plugins.deeper"]),
    ("tests.trainers.broken_plugin:C", "loss",
     ["importing tests.trainers.broken_plugin failed with RuntimeError: this module is broken"]),
    (f"{OWN}:Harder", "loss", ["own_plugins has no 'Harder'", "check the spelling"]),
    (f"{OWN}:hard", "loss", ["did you mean 'Hard'?"]),
    (f"{OWN}:Hard.inner", "loss", ["own_plugins.Hard has no 'inner'"]),
    (f"{OWN}:NUMBER", "loss", ["an object of the type int", "a subclass of keras.losses.Loss"]),
    (f"{OWN}:MADE", "loss", ["an object of the type Hard", "name a subclass"]),
    (f"{OWN}:Descent", "loss", ["the class tests.trainers.own_plugins.Descent"]),
    (f"{OWN}:too_few_arguments", "loss", ["cannot be called as (pids, embeddings)"]),
    (f"{OWN}:Hard", "optimizer", ["a class of another kind", "keras.optimizers.Optimizer"]),
    (HARD, "optimizer", ["is a function", "name a subclass"]),
    (f"{OWN}:Lazy", "optimizer", ["fails in its first step: ArithmeticError: not today"]),
    ("keras.optimizers:Optimizer", "optimizer", ["only the base class"]),
])  # fmt: skip
def test_a_path_that_leads_nowhere_good(path, flag, words):
    assert_refused(dry_run(f"--{flag}={path}"), *words)


@pytest.mark.parametrize(("arguments", "words"), [
    ([f"--loss={HARD}", "--loss_args=margin=1"], ["--loss_args=margin=1", '{"margin": 0.3}']),
    ([f"--loss={HARD}", "--loss_args=[1]"], ["write a JSON object such as"]),
    ([f"--loss={HARD}", '--loss_args={"margin": NaN}'], ["write a JSON object such as"]),
    ([f"--loss={HARD}", '--loss_args={"margni": 1}'], ["margni"]),
    ([f"--loss={OWN}:Hard", '--loss_args={"margni": 1}'], ["refuses its --loss_args", "margni"]),
    ([f"--loss={OWN}:Hard", '--loss_args={"reduction": "sum"}'], ["averages itself"]),
    ([f"--loss={OWN}:Picky"], ["ValueError: margin 0.3 is not to my taste"]),
    (["--loss=triplet", '--loss_args={"margin": 1}'], ["--loss_args are for --loss=package"]),
    (['--optimizer_args={"momentum": 1}'], ["--optimizer_args are for --optimizer=package"]),
    ([f"--optimizer={OWN}:Plain", '--optimizer_args={"learning_rate": 1}'],
     ["--optimizer_args has learning_rate; say it with --learning_rate"]),
    ([f"--optimizer={OWN}:Plain", '--optimizer_args={"weight_decay": 1}'],
     ["say it with --weight_decay"]),
    ([f"--optimizer={OWN}:Plain", '--optimizer_args={"speed": 2}'],
     ["refuses its --optimizer_args {'speed': 2}", "speed"]),
    ([f"--optimizer={OWN}:Plain", "--optimizer_args=sgd"], ["write a JSON object such as"]),
    ([f"--optimizer={OWN}:Plain", '--optimizer_args={"use_ema": true}'], ["are not kept"]),
    ([f"--optimizer={OWN}:Unhurried"], ["takes no learning_rate"]),
    ([f"--optimizer={OWN}:NumbersOnly"], ["refuses a learning rate that is a schedule"]),
    ([f"--loss={HARD}", "--label_smoothing=0.1"], ["add --identity_weight"]),
    (["--loss=both", "--loss_unit_length"], ["--loss_unit_length is for --loss=package"]),
    (["--loss=triplet", "--identity_weight=1"], ["--identity_weight is for --loss=package"]),
    ([f"--loss={HARD}", "--identity_weight=-1"], ["must not be negative"]),
    ([f"--loss={HARD}", "--margin=0.5"], ["--margin is of the built-in triplet loss"]),
    ([f"--loss={HARD}", "--images_each=1"], [f"--loss={HARD} needs at least two images of each"]),
    (["--preset=classification", f"--loss={HARD}"], ["--images_each=4"]),
])  # fmt: skip
def test_senseless_settings_are_refused(arguments, words):
    assert_refused(dry_run(*arguments), *words)


def test_arguments_that_no_file_can_hold():
    with pytest.raises(ReIDError, match="use a dictionary that JSON can hold"):
        resolve(loss=HARD, loss_args={"margin": (1, 2)})


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


@pytest.mark.parametrize(("changes", "words"), [
    (dict(loss=f"{OWN}:matrix"), ["returned the shape (6, 160) for 6 images", "return [N]"]),
    (dict(loss=f"{OWN}:one_number_in_a_list"), ["returned the shape (1,) for 6 images"]),
    (dict(loss=f"{OWN}:without_gradient"), ["has no gradient in the embeddings"]),
    (dict(loss=f"{OWN}:nothing"), ["failed on pids [6] and embeddings [6, ", "None"]),
    (dict(loss=f"{OWN}:outside_tensorflow"), ["failed on pids [6]", "numpy"]),
    (dict(loss="keras.losses:Loss"), ["has no call(pids, embeddings) of its own"]),
    (dict(loss=f"{OWN}:with_proxies"), ["has weights of its own", "neither trained nor saved"]),
    (dict(loss=f"{OWN}:of_unknown_shape"), ["unknown shape", "tf.ensure_shape"]),
    (dict(loss="keras_reid.losses:batch_hard_triplet"), ["embeddings must be [N, D] and pids [N]"]),
    (dict(loss=f"{OWN}:of_other_shapes"), ["failed on pids [6]", "ValueError: Dimensions must be"]),
])  # fmt: skip
def test_what_shows_only_when_it_is_called(crowd, tmp_path, changes, words):
    settings = tiny(crowd, **changes)
    flags = [f"--{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
             for key, value in settings.items()]  # fmt: skip
    assert_refused(call("trainers.train_embedder", *flags, f"--workdir={tmp_path}/run"), *words)


class TestAddonsWhereTheyAreNot:
    @main_only
    @pytest.mark.parametrize(("flag", "name", "instead"), [
        ("loss", "losses:TripletSemiHardLoss", "keras_reid.losses.as_keras:semihard_triplet"),
        ("loss", "losses:TripletHardLoss", "use --loss=keras_reid.losses.as_keras:hard_triplet"),
        ("optimizer", "optimizers:LAMB", "use --optimizer=keras.optimizers:Lamb instead"),
        ("optimizer", "optimizers:AdamW", "--optimizer=adamw instead, whose decay is times"),
        ("optimizer", "optimizers:Yogi", "take the environment of requirements-addons.lock"),
    ])  # fmt: skip
    def test_the_reason_and_the_remedy_are_told(self, flag, name, instead):
        done = dry_run(f"--{flag}=tensorflow_addons.{name}")
        assert_refused(
            done, f"--{flag}=tensorflow_addons.{name}", "is not installed here", "ended in 2024",
            "needs TensorFlow 2.15 and Python 3.10 or 3.11", compat.STACK, instead,
            "`make test-addons`",
        )  # fmt: skip

    @main_only
    def test_installed_beside_a_tensorflow_that_is_too_new(self, tmp_path, monkeypatch):
        (tmp_path / "tensorflow_addons").mkdir()
        (tmp_path / "tensorflow_addons" / "__init__.py").write_text("import keras.src.engine\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        done = dry_run("--loss=tensorflow_addons.losses:TripletHardLoss")
        assert_refused(done, "does not work here: it ended in 2024", "as_keras:hard_triplet")

    @main_only
    def test_every_successor_is_there(self):
        for instead in addons.SUCCESSORS.values():
            flag, value = instead.removeprefix("--").split("=")
            assert resolve("triplet", **{flag: value})

    def test_by_its_nickname(self):
        done = dry_run("--loss=tfa.losses:TripletHardLoss")
        known = "ended in 2024" if compat.KERAS_3 else "its full name is tensorflow_addons"
        assert_refused(done, known)

    @addons_only
    def test_a_decay_that_is_not_times_the_rate_is_remarked(self):
        (said,) = remarks(resolve("small", optimizer="tensorflow_addons.optimizers:AdamW"))
        assert "at every step" in said and "3e-05 would be alike" in said
        assert not remarks(resolve("small", optimizer="tensorflow_addons.optimizers:LAMB"))

    @addons_only
    def test_an_argument_that_addons_would_drop(self):
        done = dry_run(f"--loss={PAIR['loss']}", '--loss_args={"margni": 1}')
        assert_refused(done, "has no argument 'margni'", "distance_metric, margin, name")


def test_a_module_that_leaves_python(tmp_path, monkeypatch):
    (tmp_path / "leaves_python.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ReIDError, match="importing leaves_python failed with SystemExit: 3"):
        plugins.find("loss", "leaves_python:f")


def test_a_module_with_a_missing_import_is_not_itself_missing(tmp_path, monkeypatch):
    (tmp_path / "needs_more.py").write_text("import nowhere_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ReIDError, match="importing needs_more failed .*'nowhere_at_all'"):
        plugins.find("loss", "needs_more:f")


def test_a_dotted_name_is_walked(monkeypatch):
    module = types.ModuleType("made_up")
    module.inner = types.SimpleNamespace(function=len)
    monkeypatch.setitem(sys.modules, "made_up", module)
    assert plugins.find("loss", "made_up:inner.function") is len

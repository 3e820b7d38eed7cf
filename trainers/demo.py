"""The whole road on synthetic people: data, training, attacks, export, server, calls, a page.

    python -m trainers.demo --output=runs/demo

Every step is a command that one could type; each is printed before it runs.
"""

import shutil
import time
from pathlib import Path

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from trainers import demo_steps
from trainers.road import Road


def define_flags():
    """This command's flags; their defaults are the demo."""
    flags.DEFINE_string("output", "runs/demo", "Folder of the demo; an earlier demo is removed.")
    flags.DEFINE_integer("seed", 0, "Of people, training and attacks.", lower_bound=0)
    flags.DEFINE_integer("train_ids", 100, "People to train on.", lower_bound=20)
    flags.DEFINE_integer("test_ids", 50, "Other people, to be found.", lower_bound=2)
    flags.DEFINE_integer("images_per_camera", 3, "Of each person.", lower_bound=2)
    flags.DEFINE_integer("epochs", 30, "Of training, the last one resumed.", lower_bound=2)
    flags.DEFINE_integer("defense_epochs", 5, "Of defended training after it.", lower_bound=1)
    flags.DEFINE_integer("misrank_epochs", 6, "Of the generator's training.", lower_bound=1)
    flags.DEFINE_integer("restarts", 2, "Of the attacks with a random start.", lower_bound=1)
    flags.DEFINE_string("epsilons_255", "1,2,5,8", "Of the curves, in 1/255; 5 among them.")
    flags.DEFINE_string(
        "robustness_epsilons_255", "0,2,5,16", "Of defended beside undefended, in 1/255."
    )
    flags.DEFINE_string(
        "other_attacks", "sign_noise,fgsm,mifgsm,pgd,odfa,xent", "One row each, at 5/255."
    )


MARK = ".keras_reid_demo"


def empty(folder):
    """Removes an earlier demo, known by its mark, and nothing that is not one."""
    if folder.exists() and not folder.is_dir():
        raise ReIDError(f"{folder} is a file; choose another --output")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ReIDError(f"{folder} holds something that is no demo; choose another --output")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by trainers.demo, which may remove this folder\n")


def main(argv):
    del argv
    values = flags.FLAGS
    folder = Path(values.output)
    empty(folder)
    demo = Road(str(folder))
    started = time.monotonic()
    demo.step(
        "Draw people", "trainers.make_people", f"--output={folder}/people",
        f"--contact_sheet={folder}/people.jpg", f"--seed={values.seed}",
        f"--train_ids={values.train_ids}", f"--test_ids={values.test_ids}",
        f"--images_per_camera={values.images_per_camera}",
    )  # fmt: skip
    demo.step("Look the data over", "trainers.check_data", f"--data={folder}/people")
    demo_steps.train_model(demo, values)
    demo_steps.defend_model(demo, values)
    demo_steps.mislead_model(demo, values)
    demo_steps.serve_model(demo)
    demo.step(
        "Write the report", "trainers.report",
        f"--results={folder}/curves.json,{folder}/others.json", f"--parity={folder}/parity.json",
        f"--output={folder}/report.html", "--title=Synthetic people under attack",
    )  # fmt: skip
    print("\n== Where the time went")
    for title, seconds in demo.times:
        print(f"{seconds:7.1f} s  {title}")
    print(f"{time.monotonic() - started:7.1f} s  in all")
    print(NEXT.format(folder=folder))


NEXT = """
== Where everything lies
  {folder}/report.html     the page: table, curves, rank lists before and after
  {folder}/people          the data set, in Market-1501 layout; people.jpg shows it
  {folder}/robustness/report.html   defended beside undefended, and the checks
  {folder}/transfer/transfer.html   whom the mis-ranking generator fools
  {folder}/train           the run: config.json, checkpoints, model.keras, TensorBoard events
  {folder}/defended        the same of the defended model
  {folder}/misrank         the same of the generator
  {folder}/adversarial     adversarial images as PNG, each with its JSON
  {folder}/models          SavedModels for TensorFlow Serving
  {folder}/query           one query through the server

== Try next
  python -m trainers.attack --model={folder}/train --data={folder}/people --attacks=pgd \\
      --restarts=5
  python -m trainers.evaluate --model={folder}/train --data={folder}/people --rerank
  python -m serving.serve --model_config_file={folder}/models.config --port=8500 \\
      --rest_api_port=8501
  python -m export.validate --servable={folder}/models/reid/1 --images={folder}/people/query
  python -m export.bless --servable={folder}/models/reid/1 --data={folder}/people \\
      --model={folder}/train --min_map=0.5 --min_robust_map=0.01
  python -m export.publish --servable={folder}/models/reid/1 --base={folder}/published
  python -m serving.configure --models={folder}/published --name=reid --output={folder}/deploy
  tensorboard --logdir={folder}/train
"""


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()

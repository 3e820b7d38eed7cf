"""The whole road on synthetic people: data, training, attacks, export, server, calls, a page.

    python -m trainers.demo --output=runs/demo

Every step is a command that one could type; each is printed before it runs.
"""

import shutil
import signal
import time
from pathlib import Path

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.runs import entry
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


def train_model(demo, values):
    """Trains all epochs but the last, measures, then resumes for the last."""
    people, workdir = f"{demo.folder}/people", f"{demo.folder}/train"
    train = (
        "trainers.train_embedder", "--preset=small", f"--data={people}", f"--workdir={workdir}",
        f"--epochs={values.epochs}", f"--seed={values.seed}",
    )  # fmt: skip
    demo.step("Train an embedder", *train, f"--stop_after_epochs={values.epochs - 1}")
    demo.step(
        "Clean evaluation on unseen people", "trainers.evaluate", f"--model={workdir}",
        f"--data={people}", f"--results={demo.folder}/clean.json",
    )  # fmt: skip
    attack_model(demo, values)
    demo.step("Resume training for the last epoch", *train)


def attack_model(demo, values):
    """Four epsilons for the curves, one row for each of the others."""
    common = (
        f"--model={demo.folder}/train", f"--data={demo.folder}/people", f"--seed={values.seed}",
        "--batch_size=64", f"--restarts={values.restarts}",
    )  # fmt: skip
    demo.step(
        "Noise and attacks over epsilon", "trainers.attack", *common,
        "--attacks=noise,ifgsm,sma,fna", f"--epsilons_255={values.epsilons_255}",
        f"--results={demo.folder}/curves.json", f"--save_images={demo.folder}/adversarial",
    )  # fmt: skip
    demo.step(
        "The other attacks at 5/255", "trainers.attack", *common,
        f"--attacks={values.other_attacks}", "--epsilons_255=5",
        "--rank_lists=0", f"--results={demo.folder}/others.json",
    )  # fmt: skip


def defend_model(demo, values):
    """Goes on from the trained model on attacked batches, and measures the two side by side."""
    people = f"--data={demo.folder}/people"
    demo.step(
        "Defend it: train on attacked batches, from the model just trained", "trainers.train_goat",
        "--preset=small", people, f"--init_from={demo.folder}/train", f"--seed={values.seed}",
        "--n_push=0", "--n_pull=0", f"--epochs={values.defense_epochs}", "--learning_rate=1e-3",
        f"--workdir={demo.folder}/defended",
    )  # fmt: skip
    demo.step(
        "Defended beside undefended, and how far to trust it", "trainers.evaluate_robustness",
        f"--model={demo.folder}/defended", f"--twin={demo.folder}/train", people,
        "--attacks=sma,fna", f"--epsilons_255={values.robustness_epsilons_255}",
        f"--workdir={demo.folder}/robustness", f"--seed={values.seed}", "--batch_size=64",
    )  # fmt: skip


def serve_model(demo):
    """Exports, starts a server, compares model, export and server, and asks for one query."""
    models, people = f"{demo.folder}/models", f"{demo.folder}/people"
    demo.step(
        "Export for TensorFlow Serving", "export.export_model", f"--model={demo.folder}/train",
        f"--base={models}", "--name=reid", "--version=1", "--attacks=sma,fna",
    )  # fmt: skip
    config = Path(demo.folder) / "models.config"
    config.write_text(model_config(Path(models).resolve()), encoding="utf-8")
    process, address = demo.serve(
        "Start the model server", "serving.serve", f"--model_config_file={config}", "--port=0",
        "--rest_api_port=0",
    )  # fmt: skip
    try:
        demo.step(
            "Call embed, attack_sma and attack_fna through the client", "export.check_parity",
            f"--model={demo.folder}/train", f"--servable={models}/reid/1", f"--server={address}",
            f"--images={people}/query", f"--results={demo.folder}/parity.json",
        )  # fmt: skip
        first = sorted(Path(people, "query").glob("*.jpg"))[0]
        demo.step(
            "Ask the server who this is, before and after an attack", "serving.query",
            f"--server={address}", "--model=reid", f"--image={first}",
            f"--gallery={people}/bounding_box_test", "--attack=sma", "--epsilon_255=5",
            "--top=5", f"--output={demo.folder}/query",
        )  # fmt: skip
    finally:
        process.send_signal(signal.SIGTERM)
        # Reading on until the end also keeps the server from waiting on a full pipe.
        print(process.communicate(timeout=60)[0], end="")
    print("server stopped")


def model_config(models):
    """models.config for the server: both servables of the export."""
    entries = "".join(
        f'  config {{ name: "{name}" base_path: "{models / name}" model_platform: "tensorflow" }}\n'
        for name in ("reid", "reid_encoded")
    )
    return f"model_config_list {{\n{entries}}}\n"


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
    train_model(demo, values)
    defend_model(demo, values)
    serve_model(demo)
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
  {folder}/train           the run: config.json, checkpoints, model.keras, TensorBoard events
  {folder}/defended        the same of the defended model
  {folder}/adversarial     adversarial images as PNG, each with its JSON
  {folder}/models          SavedModels for TensorFlow Serving
  {folder}/query           one query through the server

== Try next
  python -m trainers.attack --model={folder}/train --data={folder}/people --attacks=pgd \\
      --restarts=5
  python -m trainers.evaluate --model={folder}/train --data={folder}/people --rerank
  python -m serving.serve --model_config_file={folder}/models.config --port=8500 \\
      --rest_api_port=8501
  tensorboard --logdir={folder}/train
"""


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()

"""The steps of the demo: each is a command that one could type."""

import signal
from pathlib import Path


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


def mislead_model(demo, values):
    """Trains a generator against the model, and shows it to the model and to the defended one."""
    people, workdir = f"--data={demo.folder}/people", f"{demo.folder}/misrank"
    demo.step(
        "Train a generator that misleads it in one pass", "trainers.train_misrank",
        "--preset=small", people, f"--victim={demo.folder}/train", f"--seed={values.seed}",
        f"--epochs={values.misrank_epochs}", f"--workdir={workdir}",
    )  # fmt: skip
    demo.step(
        "Whom the generator fools", "trainers.evaluate_transfer", f"--generators={workdir}",
        f"--victims={demo.folder}/train,{demo.folder}/defended", people,
        f"--workdir={demo.folder}/transfer", f"--seed={values.seed}",
    )  # fmt: skip


def serve_model(demo):
    """Exports, starts a server, compares model, export and server, and asks for one query."""
    models, people = f"{demo.folder}/models", f"{demo.folder}/people"
    demo.step(
        "Export for TensorFlow Serving", "export.export_model", f"--model={demo.folder}/train",
        f"--base={models}", "--name=reid", "--version=1", "--attacks=sma,fna",
        f"--misrank={demo.folder}/misrank", "--max_epsilon_255=16",
    )  # fmt: skip
    config = Path(demo.folder) / "models.config"
    config.write_text(model_config(Path(models).resolve()), encoding="utf-8")
    process, address = demo.serve(
        "Start the model server", "serving.serve", f"--model_config_file={config}", "--port=0",
        "--rest_api_port=0",
    )  # fmt: skip
    try:
        demo.step(
            "Call embed and every attack through the client", "export.check_parity",
            f"--model={demo.folder}/train", f"--servable={models}/reid/1", f"--server={address}",
            f"--misrank={demo.folder}/misrank", f"--images={people}/query",
            f"--results={demo.folder}/parity.json",
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

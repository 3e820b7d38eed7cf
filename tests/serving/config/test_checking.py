"""--check finds what would go wrong, each of it planted by hand."""

import dataclasses
import re

import pytest
import trustme

from serving import contract
from serving.config import protos
from serving.config.checking import check
from serving.config.fleet_files import fleet_files
from serving.config.folder import write_folder
from serving.config.settings import Settings
from serving.errors import BadRequest
from tests.serving.config.conftest import BATCHING, MAX_BATCH, PAST

LABELS = {"stable": 7, "canary": 9}


@pytest.fixture
def deploy(models, tmp_path):
    """A folder as the command writes it; every version is batched as its export says."""
    settings = Settings(**LABELS)
    output = tmp_path / "deploy"
    texts = fleet_files(settings, MAX_BATCH, models)
    write_folder(output, texts, dataclasses.asdict(settings))
    return output


def serious(deploy, models):
    return [str(finding) for finding in check(deploy, models) if finding.serious]


def test_nothing_is_wrong_with_what_was_just_written(deploy, models):
    assert check(deploy, models) == []


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def lose_model(deploy, models):
    (models / "reid").rename(models / "gone")


def lose_versions(deploy, models):
    (models / "reid" / "7").rename(models / "reid" / "tmp-7")
    (models / "reid" / "9").rename(models / "reid" / "tmp-9")


def lose_labelled(deploy, models):
    (models / "reid_encoded" / "9").rename(models / "9")


def lose_graph(deploy, models):
    (models / "reid" / "7" / "saved_model.pb").unlink()


def name_unserved(deploy, models):
    edit(deploy / "server" / "models.config", "        versions: 9\n", "")


def break_text(deploy, models):
    edit(deploy / "server" / "models.config", "base_path: ", "basepath: ")


def batch_encoded(deploy, models):
    (models / "reid_encoded" / "7" / "batching_params.pbtxt").write_text(BATCHING)


def batch_everything(deploy, models):
    edit(deploy / "server" / "run.sh", "  --enable_per_model_batching_parameters=true \\\n", "")


def batch_too_little(deploy, models):
    path = models / "reid" / "9" / "batching_params.pbtxt"
    path.write_text("max_batch_size { value: 4 }")


def pad_wrongly(deploy, models):
    path = models / "reid" / "9" / "batching_params.pbtxt"
    path.write_text("max_batch_size { value: 16 } allowed_batch_sizes: 8")


def misspell(deploy, models):
    (models / "reid" / "9" / "batching_params.pbtxt").write_text("max_batch_size: 16")


def let_certificate_expire(deploy, models):
    (deploy / "tls").mkdir()
    path = deploy / "tls" / "ssl.config"
    issued = trustme.CA().issue_cert("localhost", **PAST)
    key, (chain,) = issued.private_key_pem.bytes(), issued.cert_chain_pems
    config = protos.SSLConfig(server_key=key.decode(), server_cert=chain.bytes().decode())
    path.write_text(protos.to_text(config))
    path.chmod(0o600)


def lose_generated(deploy, models):
    (deploy / "server" / "models.config").unlink()


def lose_batching(deploy, models):
    batch_everything(deploy, models)
    (deploy / "server" / "batching_parameters.txt").unlink()


def break_script(deploy, models):
    (deploy / "server" / "run.sh").write_bytes(b"\xff")


def lose_weights(deploy, models):
    (models / "reid" / "7" / "variables" / "variables.data-00000-of-00001").unlink()


def show_key(deploy, models):
    let_certificate_expire(deploy, models)
    (deploy / "tls" / "ssl.config").chmod(0o644)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_model, "reid: base path .*reid cannot be listed"),
        (lose_versions, "has no version"),
        (lose_labelled, "reid_encoded: label 'canary' names version 9, not on disk"),
        (lose_graph, "reid 7: .*saved_model.pb cannot be read"),
        (name_unserved, "label 'canary' names version 9, not served"),
        (break_text, "the server would not start with it"),
        (batch_encoded, "reid_encoded 7: batching_params.pbtxt: .*must not be batched"),
        (batch_everything, "reid_encoded 7: batching without .*must not be batched"),
        (batch_too_little, "reid 9: .*below the 16 images"),
        (pad_wrongly, "reid 9: .*unless they are equal"),
        (lose_generated, "models.config: missing since it was generated"),
        (lose_batching, "server: its batching cannot be read"),
        (break_script, "server: its batching cannot be read"),
        (lose_weights, "reid 7: .* has no variables/variables.data"),
        (misspell, "is no BatchingParameters as text"),
        (let_certificate_expire, "certificate has expired"),
        (show_key, "others can read the private key"),
    ],
)
def test_what_is_wrong_is_found(damage, message, deploy, models):
    damage(deploy, models)
    findings = "\n".join(serious(deploy, models))
    assert re.search(message, findings), findings


def test_a_version_that_is_not_merged_is_a_note_and_so_is_a_change(deploy, models):
    (models / "reid" / "7" / "batching_params.pbtxt").unlink()
    edit(deploy / "README.md", "reid", "Reid")
    found = check(deploy, models)
    assert [finding.serious for finding in found] == [False, False]
    assert "changed since" in found[0].what and "not merged" in found[1].what


def test_a_link_to_nothing_is_a_change(deploy, models):
    (deploy / "README.md").unlink()
    (deploy / "README.md").symlink_to("nowhere")
    (deploy / "more").symlink_to("nowhere")
    (found, more) = check(deploy, models)
    assert found.serious and more.serious and "README.md" in found.where


def test_a_base_path_that_only_begins_alike_is_not_below_the_models(deploy, models):
    edit(deploy / "server" / "models.config", '"/models/reid"', '"/models2/reid"')
    assert "base path /models2/reid cannot be listed" in "\n".join(serious(deploy, models))


def test_another_contract_is_a_note(deploy, models):
    path = models / "reid" / "7" / "saved_model.pb"
    content = path.read_bytes()
    ours = f'"contract_version": {contract.CONTRACT_VERSION}'.encode()
    assert ours in content
    path.write_bytes(content.replace(ours, b'"contract_version": 9'))
    (note,) = check(deploy, models)
    assert not note.serious and "version 9 of the contract" in note.what


def test_without_models_the_paths_are_those_of_this_machine(deploy):
    assert all("/models/reid" in finding.what for finding in check(deploy))


def test_any_models_config_can_be_checked(models, tmp_path):
    (models / "reid" / "9" / "batching_params.pbtxt").unlink()
    path = tmp_path / "models.config"
    path.write_text(
        f'model_config_list {{ config {{ name: "a" base_path: "{models}/reid" '
        'model_platform: "tensorflow" version_labels { key: "stable" value: 8 } } }'
    )
    (finding, note) = check(path)
    assert finding.serious and "label 'stable' names version 8" in finding.what
    assert not note.serious


def test_what_is_neither_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadRequest, match="neither a models.config nor a folder"):
            check(path)

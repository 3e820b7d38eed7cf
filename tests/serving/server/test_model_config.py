"""--model_config_file in the words of TensorFlow Serving."""

import pytest

from serving.errors import ServingError
from serving.server.model_config import parse_model_config, read_model_config
from serving.server.versions import All, Latest, Specific


def config(*bodies):
    configs = [f'config {{ name: "a" base_path: "/m" {body} }}' for body in bodies]
    return f"model_config_list {{ {' '.join(configs)} }}"


TENSORFLOW = 'model_platform: "tensorflow"'


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("", Latest(1)),
        ("model_version_policy { latest { num_versions: 2 } }", Latest(2)),
        ("model_version_policy { latest {} }", Latest(1)),
        ("model_version_policy { all {} }", All()),
        ("model_version_policy { specific { versions: 4 versions: 7 } }", Specific((4, 7))),
    ],
)
def test_policies(policy, wanted):
    (parsed,) = parse_model_config(config(TENSORFLOW + policy))
    assert (parsed.name, parsed.base_path, parsed.policy) == ("a", "/m", wanted)


def test_labels():
    labels = 'version_labels { key: "stable" value: 3 } version_labels { key: "next" value: 4 }'
    (parsed,) = parse_model_config(config(TENSORFLOW + labels))
    assert parsed.labels == {"stable": 3, "next": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no model_config_list"),
        ("nonsense", "not a ModelServerConfig"),
        (config(""), "neither model_type nor model_platform"),
        (config('model_platform: "torch"'), "unsupported platform torch"),
        (config(TENSORFLOW).replace('"a"', '""'), "has no name"),
        (config(TENSORFLOW).replace("/m", "m"), "absolute path"),
        (config(TENSORFLOW, TENSORFLOW), "multiple times"),
    ],
)
def test_what_is_refused(text, message, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(text)
    with pytest.raises(ServingError, match=message) as caught:
        read_model_config(file)
    assert "models.config" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ServingError, match="cannot read --model_config_file .*No such file"):
        read_model_config(tmp_path / "none")

"""--model_config_file: several models, their versions and labels, as text.

model_config_list {
  config {
    name: "reid"
    base_path: "/models/reid"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 4 } }
    version_labels { key: "stable" value: 3 }
  }
}
"""

import os

from serving.errors import ServingError
from serving.messages import ModelServerConfig
from serving.server.served_model import ModelConfig
from serving.server.text_file import parse_message, read_message
from serving.server.versions import All, Latest, Specific

FLAG = "--model_config_file"
PLATFORM = "tensorflow"


def read_model_config(path):
    """The ModelConfigs in a file; raises ServingError with the file's name and the reason."""
    message = read_message(path, FLAG, ModelServerConfig)
    try:
        return model_configs(message)
    except ServingError as error:
        raise ServingError(f"{FLAG} {path}: {error}") from error


def parse_model_config(text):
    """The ModelConfigs in a ModelServerConfig written as text."""
    return model_configs(parse_message(text, ModelServerConfig))


def model_configs(message):
    """The ModelConfigs in a ModelServerConfig; raises ServingError where one cannot be served."""
    configs = [_model_config(config) for config in message.model_config_list.config]
    if not configs:
        raise ServingError("no model_config_list { config { .. } } in it")
    names = [config.name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ServingError(f"Illegal to list model {name} multiple times in config list")
    return configs


def _model_config(config):
    if not config.name:
        raise ServingError("a config has no name")
    if not config.model_platform:
        raise ServingError(
            f"Illegal setting neither model_type nor model_platform for model {config.name}; "
            f'write model_platform: "{PLATFORM}"'
        )
    if config.model_platform != PLATFORM:
        raise ServingError(
            f"Model {config.name} requests unsupported platform {config.model_platform}"
        )
    if not os.path.isabs(config.base_path):
        raise ServingError(
            f"Expected model {config.name} to have an absolute path or URI; got base_path()="
            f"{config.base_path}"
        )
    return ModelConfig(
        name=config.name,
        base_path=config.base_path,
        policy=_policy(config.model_version_policy),
        labels=dict(config.version_labels),
    )


def _policy(message):
    choice = message.WhichOneof("policy_choice")
    if choice == "all":
        return All()
    if choice == "specific":
        return Specific(tuple(message.specific.versions))
    return Latest(message.latest.num_versions or 1)

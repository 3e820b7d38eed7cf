#!/bin/sh
# The server without a container: the same flags. Needs $config_path to be this folder and the models
# below $models_path (or say so when generating: --config_path, --models_path).
#
$reasons
exec tensorflow_model_server \
  $command

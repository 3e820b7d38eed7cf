#!/bin/sh
# The server without a container: the same flags. Needs /etc/keras_reid to be this folder and the models
# below /models (or say so when generating: --config_path, --models_path).
#
# port: gRPC
# rest_api_port: REST, readiness and metrics; off by default
# model_config_file: two servables, versions, labels
# file_system_poll_wait_seconds: every replica lists the volume this often; the default of 1 is
# for local disks
# grpc_max_threads: the default, 4 for each core, refuses every further request while attacks run
# (RESOURCE_EXHAUSTED "Server Threadpool Exhausted"), and keeps batches from filling
# grpc_channel_arguments: clients reconnect now and then, and so spread over new replicas and
# leave stopping ones
# rest_api_timeout_in_ms: an attack takes longer than the default of 30 s may allow
# enable_grpc_healthcheck_service: liveness: UNIMPLEMENTED without this flag
# enable_model_warmup: the first call of an attack takes 13 s (graph optimisation): before
# traffic, not in it
# monitoring_config_file: metrics for Prometheus; off by default
# enable_profiler: on by default, on the gRPC port, for everybody who reaches it
# enable_batching: merge requests that wait
# enable_per_model_batching_parameters: a model without batching_params.pbtxt in its version, as
# the encoded one, is not batched
# batching_parameters_file: the threads that all batched models share; nothing else of the file is
# used
# tensorflow_session_parallelism: TensorFlow counts the machine's cores, not the container's share
# of them
exec tensorflow_model_server \
  --port=8500 \
  --rest_api_port=8501 \
  --model_config_file=/etc/keras_reid/models.config \
  --file_system_poll_wait_seconds=10 \
  --grpc_max_threads=64 \
  --grpc_channel_arguments=grpc.max_connection_age_ms=30000,grpc.max_connection_age_grace_ms=60000 \
  --rest_api_timeout_in_ms=60000 \
  --enable_grpc_healthcheck_service=true \
  --enable_model_warmup=true \
  --monitoring_config_file=/etc/keras_reid/monitoring.config \
  --enable_profiler=false \
  --enable_batching=true \
  --enable_per_model_batching_parameters=true \
  --batching_parameters_file=/etc/keras_reid/batching_parameters.txt \
  --tensorflow_session_parallelism=2

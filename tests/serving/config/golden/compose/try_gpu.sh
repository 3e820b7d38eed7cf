#!/bin/sh
# Tries the GPU image on this machine and compares it with the CPU. Needs an NVIDIA GPU, Docker with the
# NVIDIA Container Toolkit, and keras_reid installed. NOT RUN where it was written: no GPU was at hand.
set -eu
cd "$(dirname "$0")"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
docker compose -f docker-compose.gpu.yaml up --detach --wait reid
# The server should hold its fraction of the memory and not all of it.
nvidia-smi --query-compute-apps=process_name,used_memory --format=csv
# The same export on the CPU of this machine, on other ports.
CUDA_VISIBLE_DEVICES= python -m serving.serve --model_name=reid \
  --model_base_path="${MODELS:-/srv/published}/reid" --port=8600 &
cpu=$!
trap 'kill $cpu; docker compose -f docker-compose.gpu.yaml down' EXIT
until python -c "import socket; socket.create_connection(('localhost', 8600))" 2>/dev/null; do
  kill -0 $cpu || exit 1
  sleep 1
done
python -m serving.compare --servers=localhost:8600,localhost:8500 --model=reid

#!/bin/bash
# Exit 0 when every servable below has an AVAILABLE version; with labels, when the stable one has.
#
# This asks GetModelStatus by REST and reads the answer. An httpGet probe would not do: that URL
# answers 200 for a model that failed, too. It proves that the versions are loaded and their warm-up
# requests were run; it proves nothing about the next request. bash and grep are in the image, curl is
# not. The server opens its ports when all models are loaded or failed, so before that nobody answers
# and this fails, as it should.
for model in /v1/models/reid/versions/7 /v1/models/reid_encoded/versions/7; do
  exec 3<>/dev/tcp/localhost/8501 || exit 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$model" >&3
  grep -q '"AVAILABLE"' <&3 || { echo "$model has no AVAILABLE version" >&2; exit 1; }
  exec 3>&-
done

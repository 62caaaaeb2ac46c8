#!/bin/sh
# Serves the model that the default run pushed, predicts a drawn portrait over HTTP, and stops serving.
set -eu
cd "$(dirname "$0")/.."

# The first undamaged image of one person in the newest drawing, according to drawn.csv.
# A lock beside each drawing may be newer.
drawing=$(ls -td runs/data/sample_portraits/[0-9a-f]*/ | head -1)
photo=$drawing$(awk -F, '$2 == 1 && $6 == "" { print $1; exit }' "${drawing}drawn.csv")
folder=$(mktemp -d)
: >"$folder/server"  # the loop below may read it before the server has started
.venv/bin/visage serve --rest-port 0 --grpc-port 0 >"$folder/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

until url=$(grep -o 'http://[0-9.]*:[0-9]*' "$folder/server" | head -1) && [ -n "$url" ]; do
    kill -0 $server 2>/dev/null || { cat "$folder/server" >&2; exit 1; }
    sleep 0.2
done
echo
echo "\$ .venv/bin/visage predict $photo --server $url"
.venv/bin/visage predict "$photo" --server "$url"

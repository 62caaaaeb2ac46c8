#!/bin/sh
# Applies every Kubernetes manifest of the repository to a real API server without a cluster (--dry-run=server): it finds
# what schemas do not, such as an autoscaler whose minimum is above its maximum. Needs etcd, kube-apiserver, kubectl and
# openssl on PATH; ends with 1 if a manifest is refused. All of it listens on 127.0.0.1 and ends with the command.
set -eu
cd "$(dirname "$0")/.."

for program in etcd kube-apiserver kubectl openssl; do
    command -v $program >/dev/null || { echo "visage: no $program on PATH. Fix: install it (etcd: apt-get install etcd-server; \
kube-apiserver: go build k8s.io/kubernetes/cmd/kube-apiserver)" >&2; exit 2; }
done
folder=$(mktemp -d)
processes=
leave() {
    status=$?
    # shellcheck disable=SC2086
    [ -z "$processes" ] || kill $processes 2>/dev/null || true
    wait
    rm -rf "$folder"
    exit $status
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() {
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then return; fi
        # shellcheck disable=SC2086
        kill -0 $processes 2>/dev/null || break
        sleep 0.2
    done
    echo "visage: $* never succeeded: $(tail -1 "$folder/log")" >&2
    exit 2
}

client=http://127.0.0.1:$(free_port) peer=http://127.0.0.1:$(free_port) port=$(free_port)
etcd --data-dir "$folder/etcd" --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" >"$folder/log" 2>&1 &
processes=$!
openssl genrsa -out "$folder/key.pem" 2048 2>/dev/null
token=$(openssl rand -hex 16)
echo "$token,admin,admin,system:masters" >"$folder/tokens.csv"
kube-apiserver --etcd-servers "$client" --bind-address 127.0.0.1 --secure-port "$port" --cert-dir "$folder/certificates" \
    --service-cluster-ip-range 10.0.0.0/24 --token-auth-file "$folder/tokens.csv" --authorization-mode RBAC \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$folder/key.pem" \
    --service-account-signing-key-file "$folder/key.pem" --disable-admission-plugins ServiceAccount >>"$folder/log" 2>&1 &
processes="$processes $!"
api() { kubectl --server "https://127.0.0.1:$port" --insecure-skip-tls-verify --token "$token" --kubeconfig /dev/null "$@"; }
wait_for api get --raw /readyz
wait_for api get namespace default
api version | sed -n 's/^Server Version: /visage: kube-apiserver /p'

# The namespaces of manifests must be there for what lies in them.
tools/kubernetes_manifests.sh "$folder/manifests"
grep -hoE '^  namespace: [a-z0-9-]+' "$folder"/manifests/* | awk '{ print $2 }' | sort -u |
    while read -r name; do api create namespace "$name" >/dev/null; done
refused=0
for file in "$folder"/manifests/*; do
    api apply --dry-run=server --validate=strict --filename "$file" || refused=$((refused + 1))
done
[ $refused = 0 ] || { echo "visage: $refused manifests are refused, for the reasons above" >&2; exit 1; }

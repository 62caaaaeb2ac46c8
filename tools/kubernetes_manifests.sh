#!/bin/sh
# Writes every Kubernetes manifest of the repository into a folder: tools/kubernetes_manifests.sh FOLDER. Of what kustomize
# builds, each variant. Left out: KServe's resources, whose types Kubernetes itself does not have.
set -eu
folder=$1
cd "$(dirname "$0")/.."
mkdir -p "$folder"
variants="volume bucket volume,batching bucket,batching,gpu"

# Resources outside of kustomizations; patches are parts of resources.
git ls-files --cached --others --exclude-standard '*.yaml' '*.yml' | while read -r file; do
    [ -e "$file" ] && [ "${file##*/}" != patch.yaml ] || continue
    grep -q '^apiVersion:' "$file" && grep -q '^kind:' "$file" || continue
    ! grep -qE '^apiVersion: (kustomize\.config\.k8s\.io|serving\.kserve\.io)/' "$file" || continue
    cp "$file" "$folder/$(echo "$file" | tr / -)"
done

command -v kubectl >/dev/null || { echo "visage: no kubectl: the variants of kustomize are left out" >&2; exit 0; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
for variant in $variants; do
    rm -rf "$copy/variant"
    cp -r serving/tf_serving "$copy/variant"
    sed -i '/^components:/,$d' "$copy/variant/kustomization.yaml"
    { echo "components:"; echo "$variant" | tr , '\n' | sed 's|^|  - kubernetes/|'; } >>"$copy/variant/kustomization.yaml"
    kubectl kustomize "$copy/variant" >"$folder/tf_serving-$variant.yaml"
done

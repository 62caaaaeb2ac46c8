#!/bin/sh
# Mirrors the model versions of a bucket into a folder, for as long as it runs.
#
# SOURCE is an rclone path with version folders N, and an object N.complete for each that is whole. In the folder MODELS
# a version appears and disappears by one rename. If the bucket lists no version, none is removed.
set -u

mkdir -p "$MODELS"
while :; do
    if complete=$(rclone lsf --files-only --include '/*.complete' "$SOURCE"); then
        for marker in $complete; do
            version=${marker%.complete}
            if [ ! -d "$MODELS/$version" ]; then
                rm -rf "$MODELS/.incoming"
                rclone copy "$SOURCE/$version" "$MODELS/.incoming" && mv "$MODELS/.incoming" "$MODELS/$version"
            fi
        done
        for folder in "$MODELS"/[0-9]*; do
            version=${folder##*/}
            if [ -n "$complete" ] && [ -d "$folder" ] && ! echo "$complete" | grep -qx "$version.complete"; then
                rm -rf "$MODELS/.outgoing"
                mv "$folder" "$MODELS/.outgoing"
                rm -rf "$MODELS/.outgoing"
            fi
        done
    fi
    sleep "$SECONDS_BETWEEN" &
    wait $!
done

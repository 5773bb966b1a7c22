#!/bin/sh
# Before the files of a package are removed, not before they are replaced by those of a newer one.
set -eu
[ -d /run/systemd/system ] || exit 0
systemctl disable --now cc-jobs.socket > /dev/null 2>&1 || true
systemctl disable --now cc-jobs

#!/bin/sh
# After the files of a package are in place. $1 is `first` or `upgrade`. What exists is kept as it is.
set -eu

id cc-jobs > /dev/null 2>&1 || useradd --system --user-group --home-dir /var/lib/cc-jobs --shell /usr/sbin/nologin cc-jobs
for directory in /etc/cc-jobs /var/lib/cc-jobs; do
  [ -d $directory ] || install -d -o cc-jobs -g cc-jobs -m 750 $directory
done
if [ ! -e /etc/cc-jobs/.env ]; then
  # The file gets its name only when it is complete.
  unfinished=$(mktemp /etc/cc-jobs/.env.XXXXXX)
  trap 'rm -f "$unfinished"' EXIT
  {
    echo DB_URL=file:/var/lib/cc-jobs/job.db
    echo ARCHIVE_PATH=/var/lib/cc-jobs/job-archive
    echo "SESSION_KEY=$(head -c 32 /dev/urandom | base64)"
    cd / && NODE_COMPILE_CACHE=/nonexistent /opt/cc-jobs/bin/cc-jobs keys
  } > "$unfinished"
  chown cc-jobs:cc-jobs "$unfinished"
  mv "$unfinished" /etc/cc-jobs/.env
fi
if [ ! -e /var/lib/cc-jobs/job.db ] && grep -qx 'DB_URL=file:/var/lib/cc-jobs/job.db' /etc/cc-jobs/.env; then
  (cd /etc/cc-jobs && setpriv --reuid cc-jobs --regid cc-jobs --init-groups env HOME=/var/lib/cc-jobs \
    NODE_COMPILE_CACHE=/nonexistent /opt/cc-jobs/bin/cc-jobs migrate)
fi

# Without systemd, as in a container, the operator starts the service.
[ -d /run/systemd/system ] || exit 0
# The package is installed also if the service does not start: its settings may be wrong.
systemctl daemon-reload
if [ "$1" = upgrade ]; then
  if systemctl is-active --quiet cc-jobs; then set -- restart; else exit 0; fi
else
  set -- enable --now
fi
systemctl "$@" cc-jobs || echo "cc-jobs does not run: 'systemctl status cc-jobs' says why" >&2

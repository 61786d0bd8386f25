#!/bin/sh
# Moves itself into a control group, then becomes COMMAND.
#
#   enter.sh CGROUP COMMAND…
set -eu
echo $$ >"$1/cgroup.procs"
shift
exec "$@"

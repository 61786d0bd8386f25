#!/bin/sh
# Runs COMMAND and ends with its exit status. Kills it at the end of standard input, which also
# comes when the process at the other end of the pipe dies.
#
#   guard.sh COMMAND…
#
# As PID 1 of a pid namespace it takes everything that COMMAND started with it.
set -eu
exec 3<&0
"$@" </dev/null &
command=$!
(
  cat <&3 >/dev/null
  kill -KILL "$command"
) &
set +e
wait "$command"
exit $?

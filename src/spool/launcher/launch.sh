#!/bin/sh
# The fork server for machines that cannot execute launch.c: reads the folders of workers from stdin, and starts each.

. "${0%/*}/attempt.sh"
# What this process has in its environment, commands would have in theirs.
for name in $(awk 'BEGIN { for (name in ENVIRON) print name }'); do
  case $name in PATH | [0-9]* | *[!A-Za-z0-9_]*) ;; *) unset "$name" ;; esac
done
while IFS= read -r folder; do # an unfinished last line was never sent
  look_at_clock # for the launcher too: it is one fork away
  launch "$folder" </dev/null 2>/dev/null &
  jobs # reaps those that ended
done
exit 0

#!/bin/sh
# The fork server for machines that cannot execute launch.c: reads the folders of workers from stdin, and starts each.

. "${0%/*}/attempt.sh"
while IFS= read -r folder; do # an unfinished last line was never sent
  look_at_clock # for the launcher too: it is one fork away
  launch "$folder" </dev/null 2>/dev/null &
  jobs # reaps those that ended
done
exit 0

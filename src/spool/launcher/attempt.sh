# The way of one attempt, for launch.sh (on this machine) and host.sh (over ssh): its launcher in POSIX sh (dash, bash,
# busybox ash). README.md says what it does, and where it is weaker than launch.c.
# Every fork counts here: use builtins, read /proc directly.

umask 077
login_locale=${LC_ALL-} LC_ALL=C
trap '' HUP INT QUIT TERM PIPE # they are meant for the command's group, its terminal or its reader
exec 3>&1 >/dev/null

new_line='
'
stop_boundary=${RUNYARD_STOP_AT-}
search_path=${PATH:-/usr/local/bin:/usr/bin:/bin}
PATH=$search_path
{ read -r boot_id </proc/sys/kernel/random/boot_id; } 2>/dev/null || boot_id=-
{ read -r host_name </proc/sys/kernel/hostname; } 2>/dev/null || host_name=$(uname -n)
setsid=/usr/bin/setsid # the whole path: searching takes time
[ -x "$setsid" ] || setsid=$(command -v setsid)
before=$setsid # what the command is executed by

# For tests of the moments between two effects: the launcher pauses there, to be continued or killed.
stop_at() {
  [ "$stop_boundary" != "$1" ] || kill -STOP "$launcher"
}

# Sends a line of its own: one write, so that it does not mix with what other launchers tell.
tell() {
  news=$1
  printf '%s\n' "$1" >&3
}

fail() {
  tell "failed $attempt $1"
}

# Sets `self` to this process (in a subshell $$ is another) and `identity` to what it signs with.
identify() {
  if read -r self stat </proc/self/stat; then
    set -- ${stat##*) } # the fields from the third on; the name before them may hold spaces and brackets
    identity="$self ${20} $boot_id $host_name"
  else
    self=$(exec sh -c 'echo $PPID')
    identity="$self 0 $boot_id $host_name"
  fi
}

# Claims a file by making it, with one line. Sets `made` where the making was ours, also if the writing failed.
sign() {
  made=
  set -C
  { made=1; printf '%s\n' "$identity"; } >"$1"
  set -- $?
  set +C
  return "$1"
}

# Without a fork the time is the machine's uptime and an offset, which is asked for anew after a minute: clocks are set.
set_clock() {
  clock_offset=$(date +%s%3N)
  case $clock_offset in *[!0-9]* | ???????????) clock_offset=$(date +%s)000 ;; esac # only GNU's date knows %N
  uptime=0.00
  { read -r uptime rest </proc/uptime; } 2>/dev/null
  clock_set_at=${uptime%.*}
  clock_offset=$((clock_offset - clock_set_at * 1000 - 1${uptime#*.}0 + 1000))
}

# Sets `now` to the time in epoch milliseconds.
look_at_clock() {
  { read -r uptime rest </proc/uptime; } 2>/dev/null && [ "${uptime%.*}" -lt $((clock_set_at + 60)) ] || set_clock
  now=$((clock_offset + ${uptime%.*} * 1000 + 1${uptime#*.}0 - 1000))
}

if [ -n "${EPOCHREALTIME-}" ]; then
  look_at_clock() {
    now=${EPOCHREALTIME%???}
    now=${now%.*}${now#*.}
  }
fi

# Sets `out` and `err` to the files of the streams: their own, or the one that `output` names.
open_streams() {
  out=out err=err
  if [ -e output ]; then
    read -r out <output
    err=$out
  fi
  { :; } >>"$out" && { :; } >>"$err"
}

# Sets `text` to what the shell goes on with after run.sh, where there is such a text.
read_text() {
  text=
  [ -e command ] || return
  while IFS= read -r line; do text=$text$line$new_line; done <command
  text=$text$line # what follows the last newline
}

# In the command's own process: signs `pid` before anything of the user's is executed, then goes the way of run.sh, which
# puts what it is given before its command. (A shell of its own for run.sh would cost as much as the command.)
become_command() {
  identify
  sign pid || exit 126
  stop_at exec-pid
  tell "started $attempt $self $started_at"
  trap - HUP INT QUIT TERM PIPE
  exec >>"$out" 2>>"$err" 3>&-
  unset RUNYARD_OWN RUNYARD_STOP_AT LC_ALL PWD OLDPWD
  export RUNYARD_ATTEMPT="$attempt"
  read_text
  set -- $before
  . ./run.sh
  exec "$@" /bin/sh -c "$text"
}

# Sets `members` to the living processes of attempts: those that carry their mark, setsid or not, but for Runyard's own.
find_members() {
  members= marks=
  for marked; do marks="$marks -e RUNYARD_ATTEMPT=$marked"; done
  for path in $(grep -lzxF $marks /proc/[0-9]*/environ); do # -z: busybox takes a file for over at its first NUL
    ! grep -qzxF RUNYARD_OWN=1 "$path" || continue
    path=${path%/environ}
    members="$members ${path#/proc/}"
  done
  [ -n "$members" ]
}

# Whether something of the command's session lives, or where it is being stopped, something of the attempt anywhere.
# A zombie counts for `kill`, and where nobody reaps orphans it stays.
is_left() {
  [ -s grace ] || kill -0 "-$1" || return
  if [ -d /proc/self ]; then find_members "$attempt"; else kill -0 "-$1"; fi
}

# Ends what is left of the command's session: SIGTERM, 200 ms, SIGKILL. Usually nothing is, and the first kill says so.
# Where `grace` (ms) says that it is being stopped, all has been told to end, and has as long as that.
end_leftovers() {
  if [ -s grace ] && read -r ticks <grace; then ticks=$((ticks / 50))
  else
    ticks=4
    kill -TERM "-$1" || return 0
  fi
  while [ "$ticks" -gt 0 ]; do
    is_left "$1" || return 0
    sleep 0.05
    ticks=$((ticks - 1))
  done
  for tick in 1 2 3 4; do # not for ever: what cannot be ended is told by whoever looks
    kill -KILL "-$1" || return 0
    sleep 0.05
  done
}

# Whether something listens at this port, as far as the kernel tells.
is_taken() {
  grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:[0-9A-F]+ 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# What host.sh does as soon as nothing of the command is left.
give_back() {
  :
}

# Writes `exit`, last. A full disk is waited for, since only this process knows the code; a removed folder is not.
write_exit() {
  until { printf '%s\n' "$1" >exit; }; do
    [ -d "$folder" ] || return
    sleep 1
  done
}

# The launcher: the way of one attempt, from its folder to its exit line. `news` is empty after it where nothing was told:
# the attempt has been begun by another, or stopped.
launch() {
  folder=$1 news=
  while case $folder in ?*/) ;; *) false ;; esac do folder=${folder%/}; done # `link/` would follow the link
  attempt=${folder%/*}
  attempt=${attempt##*/}
  case $folder in /*/*) ;; *) attempt= ;; esac
  case $attempt in '' | . | .. | *[!A-Za-z0-9._-]*) attempt=- && fail 'not the path of a spool folder'; return ;; esac
  identify
  launcher=$self
  [ ! -h "$folder" ] || { fail 'the spool folder is a link'; return; }
  cd "$folder" || { fail 'cannot enter the spool folder'; return; }
  [ -O . ] || { fail 'the spool folder belongs to another user'; return; }
  stop_at before-begun
  if ! sign begun; then
    [ -z "$made" ] || { fail 'cannot write begun: is the disk full?'; return; }
    [ ! -e begun ] && [ ! -h begun ] || return
    fail 'cannot create begun'
    return
  fi

  stop_at begun-exec
  started_at=$now command= code=126 what='could not start: cannot open the output'
  if open_streams; then
    [ -n "$setsid" ] || [ -z "${BASH_VERSION-}" ] || set -m # a process group is the next best thing to a session
    # Not with &: a shell ignores SIGINT and SIGQUIT for good in what it starts so.
    (become_command)
    code=$?
    what=exit
    [ "$code" -le 128 ] || [ "$code" -gt 192 ] || what="signal $((code - 128))"
    { [ -s pid ] && read -r command rest <pid; } || what='could not start: cannot write pid'
  fi
  look_at_clock
  [ "$now" -ge "$started_at" ] || now=$started_at
  [ -z "$command" ] || end_leftovers "$command"
  give_back
  stop_at end-exit
  write_exit "$code $started_at $now $what"
  stop_at exit-notify
  tell "ended $attempt $code $started_at $now $what"
}

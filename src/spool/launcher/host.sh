# What the yard speaks to on a machine behind ssh. It is sent there with attempt.sh in front, and runs as long as the
# connection lasts; what it has begun goes on without it. README.md tells its requests and answers.
# Before it stand: survey_machine, a function that is survey.sh; spool (absolute; empty: the default), yard, epoch.

set_clock

# Launchers are started with & here, and a shell ignores SIGINT and SIGQUIT in those: `env` gives them back to the command.
env=$(command -v env)
! "$env" --default-signal=INT,QUIT true 2>/dev/null || before="$env --default-signal=INT,QUIT $setsid"

# Lines that are told together, in as few writes as keep each whole: a packet for each would cost more than to look.
gathered=
gather() {
  [ "${#gathered}" -lt 2000 ] || tell_gathered
  gathered=$gathered$1$new_line
}

tell_gathered() {
  printf %s "$gathered" >&3
  gathered=
}

# Makes a folder that only this account can enter, or finds it so.
own_folder() {
  mkdir -p -m 700 "$1"
  [ -d "$1" ] && [ ! -h "$1" ] && [ -O "$1" ] && [ -w "$1" ]
}

# Says hello, or why the spool cannot be used. A spool obeys no yard that another has followed.
open_spool() {
  spool=${spool:-${XDG_DATA_HOME:-$HOME/.local/share}/runyard/spool}
  case $spool in "~/"*) spool=$HOME/${spool#"~/"} ;; esac
  home=$spool/$yard
  for part in "$spool" "$home" "$home/environments" "$home/kept" "$home/code"; do
    own_folder "$part" || { tell "unusable $part"; exit; }
  done
  cd "$home" || exit
  seen=0
  [ ! -s epoch ] || read -r seen <epoch
  [ "$epoch" -ge "$seen" ] || { tell "deposed $seen"; exit; }
  # On a full disk it is noted the next time: what has ended is not to wait for that.
  [ "$epoch" = "$seen" ] || { printf '%s\n' "$epoch" >epoch.new && mv epoch.new epoch; }
  set -- ${SSH_CONNECTION-} # <client> <its port> <server> <its port>
  address=${3:--}
  case $address in *[!0-9A-Fa-f.:]*) address=- ;; esac
  unset SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SSH_ORIGINAL_COMMAND
  (
    unset OLDPWD PWD SHLVL RUNYARD_STOP_AT LC_ALL
    [ -z "$login_locale" ] || export LC_ALL="$login_locale"
    export -p >"environments/own.$$" && mv "environments/own.$$" environments/own.sh
  )
  look_at_clock
  tell "hello $boot_id $host_name $address $now $home"
}

# Whether exactly this process runs: pid, start ticks, boot id.
is_alive() {
  [ "$3" = "$boot_id" ] || return
  if [ -r /proc/self/stat ]; then
    read -r stat <"/proc/$1/stat" || return
    set -- "$2" ${stat##*) }
    [ "$2" != Z ] && [ "$1" = "${21}" ]
  else
    kill -0 "$1"
  fi
}

# Another claim that stands in the way, into `rival` (the name of its file) and `rival_gpu`; fails where there is none. Void
# ones are removed on the way. ../gpu_claim.ts tells the protocol; the names of the files are those of its claims.
find_rival() {
  rival=
  while read -r gpu; do
    for path in "$claims/$gpu"/asking,* "$claims/$gpu"/held,*; do
      IFS=,
      set -- ${path##*/}
      unset IFS
      [ $# = 7 ] && [ "$4" != "$attempt" ] && [ "$shared$2$3" != "ss$yard" ] || continue
      is_alive "$5" "$6" "$7" || { rm -f "$path"; continue; }
      rival=${path##*/} rival_gpu=$gpu
      case $rival in held,*) return ;; esac
    done
  done <gpus
  [ -n "$rival" ]
}

# Takes back this attempt's claims that ask, or are held.
unclaim() {
  while read -r gpu; do rm -f "$claims/$gpu/$1,$shared,$claim"; done <gpus
}

# Claims the GPUs that `gpus` lists, all or none, for as long as this launcher lives. `shared` is there where other attempts
# of this yard may have them too.
claim_gpus() {
  identify
  set -- $identity
  launcher=$self claim=$yard,$attempt,$1,$2,$3 shared=x claims=/tmp/runyard-gpus-$(id -u)
  [ ! -e shared ] || shared=s
  own_folder "$claims" || { fail "GPUs cannot be reserved: $claims is no folder of this account alone"; exit; }
  for try in 1 2 3 4 5 6 7 8 9 10; do
    while read -r gpu; do
      mkdir -p -m 700 "$claims/$gpu" && { :; } >"$claims/$gpu/asking,$shared,$claim" || { fail "GPUs cannot be reserved in $claims"; exit; }
    done <gpus
    if ! find_rival; then
      while read -r gpu; do mv "$claims/$gpu/asking,$shared,$claim" "$claims/$gpu/held,$shared,$claim"; done <gpus
      return
    fi
    unclaim asking
    case $rival in held,*) break ;; esac
    sleep 0.$((launcher % 7 + 1)) # the other one asks too: not in step with it
  done
  [ -e begun ] || tell "refused $attempt GPU $rival_gpu is held by another yard"
  exit
}

give_back() {
  [ ! -s gpus ] || unclaim held
}

begin() {
  attempt=$1
  if [ -s "$home/$1/0/port" ] && read -r port <"$home/$1/0/port" && is_taken "$port"; then
    [ -e "$home/$1/0/begun" ] || tell "refused $attempt port $port is in use"
    return
  fi
  if [ -s "$home/$1/0/gpus" ]; then
    cd "$home/$1/0" && claim_gpus
  fi
  launch "$home/$1/0"
}

# Tells of each attempt: see README.md.
look() {
  files=
  for attempt; do
    for name in out err events.jsonl; do
      [ ! -s "$attempt/0/$name" ] || files="$files $attempt/0/$name"
    done
  done
  if [ -n "$files" ]; then
    wc -c $files | {
      while read -r size path; do [ "$path" = total ] || gather "size ${path%%/*} ${path##*/} $size"; done
      tell_gathered
    }
  fi
  for attempt; do
    look_at "$attempt/0"
    ! { [ -e "$attempt/0/seat" ] && read -r seat <"$attempt/0/seat"; } || gather "seat $attempt $seat"
    gather "state $attempt $state"
    case $state in begun*) continue ;; esac # what is being made has no size yet
    for name in keep work; do
      for path in "$attempt/0/$name"/* "$attempt/0/$name"/.[!.]*; do
        [ ! -e "$path" ] || { gather "size $attempt $name 1"; break; }
      done
    done
  done
  gather looked
  tell_gathered
}

look_at() {
  state=absent
  [ ! -e "$1/run.sh" ] || state=prepared
  if [ -e "$1/begun" ]; then
    if [ -s "$1/begun" ] && read -r pid ticks boot rest <"$1/begun"; then
      state=begun
      [ "${ticks:-0}" = 0 ] || state="begun $((clock_offset + ticks * 10))"
      is_alive "$pid" "$ticks" "$boot" || state="left $boot"
      [ "$pid" != stopped ] || state=stopped
    else
      state=begun # its launcher is about to say who it is, or did not live to say it
      [ -z "$(find "$1/begun" -mmin +1)" ] || state="left $boot_id"
    fi
  fi
  # Only a whole line is read. It is looked for last: who wrote it may have ended a moment ago.
  ! { [ -e "$1/exit" ] && IFS= read -r line <"$1/exit"; } || state="ended $line"
}

list() {
  listed=
  for attempt in [0-9]*.[0-9]*.[0-9]*-*; do
    [ "${#listed}" -lt 2000 ] || { tell "listed$listed"; listed=; } # one write has to take the line
    listed="$listed $attempt"
  done
  tell "listed$listed"
}

# Ends everything that is left of attempts: SIGTERM, a grace (ms), SIGKILL.
sweep() {
  left=$(($1 / 100)) told= kills=0
  shift
  # Until two looks find nothing: what is just becoming a program has no environment for a blink.
  while [ "$kills" -lt 20 ] && { find_members "$@" || find_members "$@"; }; do
    if [ "$left" -gt 0 ]; then
      [ -n "$told" ] || { kill -TERM $members; kill -CONT $members; told=x; }
      left=$((left - 1))
    else
      kill -KILL $members
      kills=$((kills + 1))
    fi
    sleep 0.1
  done
  for attempt; do tell "swept $attempt"; done
}

# What has not begun never will: takes the mark that its launcher would have to take. Fails where it has begun.
forbid() {
  set -C
  { :; } >"$1/0/begun" || { [ ! -e "$1/0/begun" ] && tell "state $1 absent"; return; }
  printf 'stopped\n' >>"$1/0/begun"
  tell "state $1 stopped"
}

# Stops an attempt with a grace (ms).
stop() {
  forbid "$2" && return
  printf '%s\n' "$1" >|"$2/0/grace"
  sweep "$1" "$2"
  # Until its end is there: a launcher that has just begun may not have started its command yet.
  while look_at "$2/0" && [ "$state" != "${state#begun}" ] && sleep 0.1; do sweep 0 "$2"; done
}

# Tells what the machine has, a line of survey.sh each. One at a time: a tool that hangs is not asked by more and more.
survey() {
  (survey_machine) | while IFS= read -r line; do tell "survey $line"; done
  tell surveyed
}

# Removes the folders of attempts; what is to stay goes to runs/, its work folder as it was.
forget() {
  for attempt; do
    if [ -e "$attempt/0/stay" ] && [ -e "$attempt/0/exit" ]; then
      [ ! -d "$attempt/0/whole" ] || { rm -rf "$attempt/0/work" && mv "$attempt/0/whole" "$attempt/0/work"; }
      rm -f "$attempt"/0/*.tar
      mkdir -p -m 700 runs && mv "$attempt" runs/
    else
      rm -rf -- "$attempt"
    fi
  done
}

open_spool 2>/dev/null
surveying=
while IFS= read -r request; do
  set -- $request
  [ $# -gt 0 ] || continue
  word=$1
  shift
  case $word in
    begin)
      look_at_clock
      for attempt; do begin "$attempt" </dev/null 2>/dev/null & done
      ;;
    look) look "$@" 2>/dev/null ;;
    forbid) forbid "$@" </dev/null 2>/dev/null & ;;
    stop) stop "$@" </dev/null 2>/dev/null & ;;
    sweep) sweep "$@" </dev/null 2>/dev/null & ;;
    forget) forget "$@" </dev/null 2>/dev/null & ;;
    list) list ;;
    survey)
      [ -n "$surveying" ] && kill -0 "$surveying" 2>/dev/null || {
        survey </dev/null 2>/dev/null &
        surveying=$!
      }
      ;;
  esac
  jobs # reaps those that ended
done
exit 0

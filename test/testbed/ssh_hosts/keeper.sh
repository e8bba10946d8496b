#!/bin/sh
# Keeps the ssh hosts of one test. Says first `FOLDER NUMBER`: where what the hosts are made of is to be put, and that
# 10.77.NUMBER.0/24 is theirs. Each line on stdin then names a host to boot, `NAME ADDRESS MAC WIRE`.
# When stdin closes, which it also does when the test's process is killed, every host ends with all its processes, and
# nothing of them is left.
set -u
trap '' INT TERM HUP PIPE
keeper=$$ here=${0%/*}

# Whoever makes the bridge first has the range.
tries=0
while :; do
  number=$((1 + (keeper + tries) % 250)) tries=$((tries + 1))
  [ "$tries" -le 250 ] || { echo "every range of 10.77.0.0/16 is taken" >&2; exit 1; }
  bridge=ry$number
  ip link add "$bridge" type bridge 2>/dev/null || continue
  case $(ip -o -4 addr) in
    *" 10.77.$number."*) ip link delete "$bridge" ;;
    *) break ;;
  esac
done
# Not in /tmp, which hosts have for themselves; its path is the same inside and outside.
folder=$(mktemp -d /var/tmp/runyard-ssh-XXXXXX)
chmod 755 "$folder"
printf '%s\n' "addr add 10.77.$number.1/24 dev $bridge" "link set $bridge up" | ip -batch -

# A host is a process with namespaces of its own. The network comes first: its wire has to reach out of it.
boot() { # name address mac wire
  setpriv --pdeathsig KILL unshare --net sh -c '
    here=$1 folder=$2 keeper=$3 bridge=$4 name=$5 address=$6 mac=$7 wire=$8
    ip link add eth0 address "$mac" type veth peer name "$wire" netns "$keeper"
    nsenter --net --target "$keeper" ip link set "$wire" master "$bridge" up
    printf "%s\n" "link set lo up" "addr add $address/24 dev eth0" "link set eth0 up" | ip -batch -
    exec unshare --mount --uts --ipc --pid --fork --kill-child=KILL --mount-proc \
      sh "$here/init.sh" "$folder/$name" "$name"
  ' sh "$here" "$folder" "$keeper" "$bridge" "$@" >>"$folder/$1/boot.log" 2>&1 </dev/null &
  echo $! >"$folder/$1/pid"
}

echo "$folder $number"
while read -r name address mac wire; do boot "$name" "$address" "$mac" "$wire"; done

# A host ends with its first process, which the one known here waits for; one that still boots is let come that far.
for file in "$folder"/*/pid; do
  read -r pid <"$file" || continue
  while kill -0 "$pid"; do
    [ "$(cat "/proc/$pid/comm")" = unshare ] && kill -9 $(cat "/proc/$pid/task/$pid/children")
    sleep 0.01
  done
done 2>/dev/null
# What was being sent keeps a dead host's network, and with it the wire, for a while.
for wire in /sys/class/net/"$bridge"-*; do ip link delete "${wire##*/}"; done 2>/dev/null
ip link delete "$bridge"
rm -rf "$folder"

#!/bin/sh
# The first process of an ssh host, in its namespaces: sh init.sh FOLDER NAME
# Lays the host's own files over the machine's, starts its sshd, and then reaps whatever is left to it.
set -eu
cd "$1"
hostname "$2"
(cd over && find . -type f) | while read -r file; do mount --bind "over/$file" "/$file"; done
read -r home <home.path
if [ "$home" != /root ]; then
  mount -t tmpfs -o mode=755 tmpfs /home
  mkdir -p "$home"
fi
mount --bind home "$home"
mount --bind tmp /tmp
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
cd /
/usr/sbin/sshd -f "$1/sshd_config" -E "$1/sshd.log"
# Whoever ignores SIGCHLD leaves no zombies, orphans included.
trap '' CHLD
exec sleep infinity

# Tells what a machine has and what is free of it: a section each after a line "== name", "== end" once all is told.
# The body of a function that host.sh calls. Changes nothing.

quick() { if command -v timeout >/dev/null; then timeout 5 "$@"; else "$@"; fi; }
missing() { echo "== missing"; for tool; do command -v "$tool" >/dev/null || echo "$tool"; done; }
exec 2>/dev/null
missing tar bash python3 rsync # as everything else that is run there finds them
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
missing nvidia-smi
echo "== now"; date +%s
echo "== cpus"; nproc || getconf _NPROCESSORS_ONLN
echo "== memory"; cat /proc/meminfo || sysctl -n hw.memsize
echo "== page"; getconf PAGESIZE
marked=$(grep -lzF RUNYARD_ATTEMPT= /proc/[0-9]*/environ)
busy() {
  read -r line </proc/stat && echo "$line"
  for path in $marked; do
    path=${path%/environ}
    read -r line <"$path/stat" || continue
    set -- ${line##*) }
    echo "ticks ${path#/proc/} $((${12} + ${13})) ${22}"
  done
}
if [ -r /proc/stat ]; then
  echo "== own"; for path in $marked; do
    path=${path%/environ}
    echo "own ${path#/proc/} $(tr '\0' '\n' <"$path/environ" | grep '^RUNYARD_ATTEMPT=')"
  done
  echo "== before"; busy
  sleep 0.2
  echo "== after"; busy
fi
echo "== disk"; df -Pk "$home"
command -v nvidia-smi >/dev/null && {
  echo "== gpus"
  quick nvidia-smi --query-gpu=index,uuid,memory.total,memory.used,utilization.gpu,mig.mode.current,name --format=csv,noheader,nounits
  echo "== gpu tool $?"
  echo "== processes"
  quick nvidia-smi --query-compute-apps=gpu_uuid,pid,used_memory,process_name --format=csv,noheader,nounits |
    while IFS= read -r line; do
      echo "$line"
      rest=${line#*, } pid=${rest%%,*}
      set -- $(ls -ld "/proc/$pid")
      echo "owner $pid ${3:-?} $(tr '\0' '\n' <"/proc/$pid/environ" | grep '^RUNYARD_ATTEMPT=')"
    done
}
for claim in /tmp/runyard-gpus-$(id -u)/*/held,*; do
  [ -e "$claim" ] && echo "== claim" && echo "$claim"
done
echo "== end"

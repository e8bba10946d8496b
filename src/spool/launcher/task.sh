# The launcher of a task of a Slurm array, in bash: what sbatch's script becomes on a node. attempt.sh stands before it.
# Arguments: the yard's folder in the spool, the batch, and `worker` within a step of srun. README.md tells the rest.

exec 3>/dev/null
home=$1 batch=$2 step=${3-}
[ -n "${EPOCHREALTIME-}" ] || set_clock
task=${SLURM_ARRAY_TASK_ID:-0}
read -r leader workers port <"$home/batches/$batch/$task" || exit 1

# Waits for a child to end, however many signals come meanwhile.
wait_for() {
  while kill -0 "$1"; do wait "$1"; done
} 2>/dev/null

# Starts the workers of an attempt, one a node. This is the node of the first.
start_workers() {
  hosts=
  for node in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
    address=$(scontrol show node -o "$node") || address=
    case $address in *' NodeAddr='*) address=${address#* NodeAddr=} address=${address%% *} ;; *) address=$node ;; esac
    hosts=$hosts${hosts:+,}$address
  done
  while is_taken "$port"; do port=$((port + 1)); done
  export RUNYARD_HOSTS="$hosts" RUNYARD_PORT="$port"
  # Stopped with its steps: who waits for them is not to be left over.
  srun --export=ALL --ntasks="$workers" --kill-on-bad-exit=0 /bin/bash "$home/cluster/launch.sh" "$home" "$batch" worker &
  workers_step=$!
  trap 'kill -USR1 "$workers_step"' USR1
  wait_for "$workers_step"
}

# Its time is nearly over: the command is told, and whoever looks.
warn() {
  printf '%s warned\n' "$seat" >seat.new && mv seat.new seat
  [ ! -s pid ] || { read -r command rest <pid && kill -USR1 "-$command"; }
} 2>/dev/null

# It is to end: all that carries its mark is told, and killed after the grace, if whoever stops it has given one. Where Slurm
# ends it, Slurm kills it.
end_command() {
  find_members "$attempt" || return
  kill -TERM $members
  kill -CONT $members
  [ -s grace ] && read -r ticks <grace || return
  ticks=$((ticks / 100))
  while [ "$ticks" -gt 0 ] && sleep 0.1 && find_members "$attempt"; do ticks=$((ticks - 1)); done
  while find_members "$attempt"; do
    kill -KILL $members
    sleep 0.1
  done
} 2>/dev/null

if [ "$workers" -gt 1 ] && [ -z "$step" ]; then
  ln "$home/batches/$batch/$task.out" "$home/$leader/0/err" 2>/dev/null
  start_workers
  exit
fi

attempt=$leader
[ "${SLURM_PROCID:-0}" = 0 ] || attempt=$leader.$SLURM_PROCID
cd "$home/$attempt/0" || exit 1
[ ! -e begun ] || exit 0 # requeued, or submitted twice: once is all that it runs
look_at_clock
seat="$now $SLURM_JOB_ID ${SLURMD_NODENAME:-$host_name} ${CUDA_VISIBLE_DEVICES:--}"
printf '%s\n' "$seat" >seat
trap warn USR1
trap 'end_command &' TERM
set -m # or what is started with & would ignore SIGINT and SIGQUIT for good
{
  trap '' USR1 TERM
  launch "$home/$attempt/0" </dev/null 2>/dev/null
} &
way=$!
set +m
wait_for "$way"
# What Slurm has had to say of it stands at the end of its errors.
[ -n "$step" ] || [ ! -s "$home/batches/$batch/$task.out" ] || cat "$home/batches/$batch/$task.out" >>err
code=1
[ ! -s exit ] || read -r code rest <exit
exit "$code"

/**
 * The keeper: one small POSIX shell beside each service, so that the service and the news of its end outlive the
 * manager. `$1` is the run folder, `$2` the number of the run to start at once; later runs are asked for by number
 * through the pipe `control`. Each run has a record of its own, `records/<number>`:
 *
 *     started <boot id> <pid> <session>
 *     ended <exit status as the shell says it>
 *
 * - Signals are ignored rather than handled, so that waiting is never interrupted, and set back to their default in
 *   the child: a service that signals its own process group must not take its keeper along.
 * - The child is waited for in the foreground: a background job of a shell without a terminal would have SIGINT
 *   ignored for good.
 * - The child writes down its own identity before it becomes the service, so that a kill of everything at any moment
 *   leaves no service that nobody knows of; where the record cannot be written nothing is started.
 * - Its pid it learns from the one entry of /proc/self/task: reading all of /proc/self/stat, byte by byte as shells
 *   do, would cost 0.2 ms of each restart.
 * - The record stays open over the run and was filled with empty lines beforehand: writing the end of a run needs
 *   neither a free block nor the file's name.
 * - A run whose record has begun is not run again: the manager may repeat a word that may have been lost, and two
 *   keepers (a manager killed at the wrong moment) do not make two services.
 * - Everything is a function: a shell reads its script bit by bit, and an upgrade replaces the file.
 */
export const keeperScript = `run() {
  line=
  read -r line <"$dir/records/$1"
  [ -z "$line" ] || return
  {
    (
      trap - HUP INT QUIT TERM USR1 USR2
      for task in /proc/self/task/*; do pid=\${task##*/}; done
      echo "started $boot $pid $$" >&4 || exit 125
      . "$dir/launch.sh"
    )
    echo "ended $?" >&4
  } 4<>"$dir/records/$1"
}

keep() {
  dir=$1 number=$2
  trap '' HUP INT QUIT TERM USR1 USR2
  read -r boot </proc/sys/kernel/random/boot_id
  [ -p "$dir/control" ] || mkfifo -m 600 "$dir/control" || exit
  exec 3<>"$dir/control"
  while :; do
    run "$number"
    read -r number <&3 || exit
  done
}

keep "$@"
exit
`;

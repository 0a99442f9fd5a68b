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
 * - Where the record of the next run is there when one ends, the next child is forked at once and waits for the word
 *   itself ("the standby"), while the manager is still making up its mind: a fifth of a restart's time. When the word
 *   names another run, the standby puts it back and leaves it to the keeper.
 * - The child writes down its own identity before it becomes the service, so that a kill of everything at any moment
 *   leaves no service that nobody knows of; where the record cannot be written nothing is started.
 * - Its pid it learns from the one entry of /proc/self/task: reading all of /proc/self/stat, byte by byte as shells
 *   do, would cost 0.2 ms of each restart.
 * - The record stays open over the run and was filled with empty lines beforehand: writing the end of a run needs
 *   neither a free block nor the file's name.
 * - A run whose record has begun is not run again: the manager may repeat a word that may have been lost, and two
 *   keepers (a manager killed at the wrong moment) do not make two services. Such a child ends with 125, as one does
 *   that was not asked for anything or could not write: only then is its record looked at before its end is written
 *   there, since it may be somebody else's.
 * - Everything is a function: a shell reads its script bit by bit, and an upgrade replaces the file.
 */
export const keeperScript = `begun() {
  line=
  read -r line <"$dir/records/$number"
  case $line in "started "*) ;; *) false ;; esac
}

become() {
  for task in /proc/self/task/*; do pid=\${task##*/}; done
  [ -n "$word" ] || read -r word <&3 || exit 125
  if [ "$word" != "$number" ]; then
    echo "$word" >&3
    exit 125
  fi
  begun && exit 125
  trap - HUP INT QUIT TERM USR1 USR2
  echo "started $boot $pid $$" >&4 || exit 125
  . "$dir/launch.sh"
}

run() {
  {
    (become)
    status=$?
    if [ "$status" = 125 ]; then
      begun && [ "\${line##* }" = $$ ] || return
    fi
    echo "ended $status" >&4
  } 4<>"$dir/records/$number"
}

keep() {
  dir=$1 number=$2 word=$2
  trap '' HUP INT QUIT TERM USR1 USR2
  read -r boot </proc/sys/kernel/random/boot_id
  [ -p "$dir/control" ] || mkfifo -m 600 "$dir/control" || exit
  exec 3<>"$dir/control"
  while :; do
    if [ -z "$word" ] || ! begun; then
      run && word= number=$((number + 1)) && [ -f "$dir/records/$number" ] && continue
    fi
    read -r number <&3 || exit
    word=$number
  done
}

keep "$@"
exit
`;

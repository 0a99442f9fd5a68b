### English. Sections are kept in the same order as in ru.ftl; a test holds both to the same keys and variables.

## Lengths of time and numbers (telegram/say.ts)
say-ms = { $n } ms
say-s = { $n } s
say-min = { $n } min
say-h = { $n } h
say-d = { $n } d
say-percent = { $n } %
say-bytes = { $n } { $unit }
say-count = { $n }
say-per-s = { $what }/s

## Configuration: one line per mistake, after `file:line:column key: `

config-found =
    { $shape ->
        [nothing] nothing
        [list] a list
        [map] a map of keys
        [variable] the value of { $found }
        [variable-empty] an empty { $found }
        [hidden] a value that is not shown here
       *[value] { $found }
    }

reason-config-unreadable =
    { $problem ->
        [ENOENT] found no such file; allowed: a file that is there (config/services.example.yaml explains every key)
        [EACCES] found a file that the manager may not read; allowed: one that its user can read
        [EISDIR] found a folder; allowed: a file
       *[other] the file cannot be read ({ $problem })
    }
reason-config-yaml-duplicate = found a key that stands here twice; allowed: each key once
reason-config-yaml-tab = found a tab in the indentation; allowed: spaces only
reason-config-yaml-indent = found text that does not fit the indentation around it, or a bracket left open; allowed: the same number of spaces for keys of one level, one "key: value" a line, quotes around text with ": " in it
reason-config-yaml-quote = found a character that YAML does not understand here; allowed: quotes around text that begins with @ ` % * & or a bracket, or that goes on after a quote
reason-config-yaml-alias = found a * name that no & name before it explains; allowed: quotes around text that begins with *
reason-config-yaml-aliases = found aliases that unfold to too much; allowed: at most a hundred copies
reason-config-yaml-unclosed = found the end of a line or of the file inside quotes or brackets, or a key without ":"; allowed: each quote and bracket closed, ":" after each key
reason-config-yaml-escape = found a backslash in double quotes that YAML does not understand; allowed: single quotes, or two backslashes for one
reason-config-yaml-documents = found a second document (a line "---"); allowed: one
reason-config-yaml-tag = found a tag (a word that begins with !) that is not known here; allowed: quotes around text that begins with !
reason-config-yaml-other = found something that is not YAML ({ $code }); allowed: YAML 1.2
reason-config-variable-form = found "${"{"}" that names no variable; allowed: ${"{"}NAME{"}"}, ${"{"}NAME:-default{"}"}, or $${"{"} for the two characters themselves
reason-config-variable-unset = found ${"{"}{ $name }{"}"}, which is not set; allowed: a variable of the environment or of .env, or a default: ${"{"}{ $name }:-…{"}"}

reason-config-unknown-key = found an unknown key; allowed: { $options }
reason-config-unknown-key-near = found an unknown key, did you mean { $nearest }? allowed: { $options }
reason-config-key-of-driver = found a key of another driver; allowed with driver { $drivers }, not with { $driver }
reason-config-map = found { config-found }; allowed: keys with values below this one
reason-config-list = found { config-found }; allowed: a list
reason-config-duration = found { config-found }; allowed: a duration like 500ms, 10s, 5m, 1h, 7d, or a number of seconds; at most 24d
reason-config-interval = found { config-found }; allowed: a duration like 10s, 5m, 1h, or a number of seconds; at least 1s, at most 24d
reason-config-deadline = found { config-found }; allowed: a duration above 0 like 500ms, 10s, or a number of seconds
reason-config-size = found { config-found }; allowed: a size like 512mb, 2gb, or a number of bytes; above 0
reason-config-percentage = found { config-found }; allowed: a percentage from 0% to 100%
reason-config-rate = found { config-found }; allowed: so many in so long, like 5/1m
reason-config-integer = found { config-found }; allowed: a whole number from { $min } to { $max }
reason-config-user-id = found { config-found }; allowed: a person's Telegram id, a number above 0 (a group goes to telegram.alert_chat)
reason-config-chat-id = found { config-found }; allowed: a Telegram chat's id, a number (below 0 for a group)
reason-config-topic-id = found { config-found }; allowed: the id of a topic, a number above 0
reason-config-anchor = found { config-found }; allowed: a machine and a port like 1.1.1.1:443
reason-config-limit = found { config-found }; allowed: a number, 90%, a size like 5gb, or a duration like 800ms
reason-config-metric-name = found { config-found }; allowed: the name of a number as orbit health shows it, like cpu, latency, disk:/var
reason-config-decimal = found { config-found }; allowed: a number
reason-config-flag = found { config-found }; allowed: true or false
reason-config-text = found { config-found }; allowed: text of one line, not empty (in quotes, if it looks like a number)
reason-config-any-text = found { config-found }; allowed: text (in quotes, if it looks like something else)
reason-config-one-of = found { config-found }; allowed: { $options }
reason-config-web-address = found { config-found }; allowed: an address with http:// or https://, without user and password
reason-config-mail-address = found { config-found }; allowed: an e-mail address like ops@example.org
reason-config-smtp-address = found { config-found }; allowed: a mail server like smtp://user:password@host:587 or smtps://host
reason-config-host = found { config-found }; allowed: the name or the address of a machine, without a port
reason-config-name-server = found { config-found }; allowed: the address of a name server like 1.1.1.1 or 1.1.1.1:53, no name
reason-config-redis-address = found { config-found }; allowed: an address like redis://user:password@host:6379/0, rediss://… or unix:///path
reason-config-postgres-address = found { config-found }; allowed: an address like postgresql://user:password@host:5432/database
reason-config-pattern = found { config-found }; allowed: a regular expression of at most 200 characters
reason-config-cron = found { config-found }; allowed: a schedule of five cron fields like "0 9 * * *", or "" for none
reason-config-window = found { config-found }; allowed: a duration from 1m to 7d
reason-config-time-zone = found { config-found }; allowed: a time zone's name like Europe/Moscow or UTC
reason-config-quiet-hours = found { config-found }; allowed: two different times of day like "23:00-08:00"
reason-config-statuses = found { config-found }; allowed: HTTP statuses like 200, 200-299, or a list of these
reason-config-command = found { config-found }; allowed: a list of program and arguments like [venv/bin/python, run.py], or one line of words; no shell runs it, so | & ; < > ( ) $ and ` have no meaning
reason-config-check-id = found { config-found }; allowed: 1 to 32 of a-z, 0-9, "_" and "-", the first a letter or digit
reason-config-service-name = found a name that cannot be used; allowed: 1 to 32 of a-z, 0-9, "_" and "-", the first a letter or digit
reason-config-variable-name = found a name that no variable can have; allowed: letters, digits and "_", the first not a digit
reason-config-tmux-session = found { config-found }; allowed: 1 to 64 letters, digits, "_" and "-", the first not "-"

reason-config-no-services = found { config-found }; allowed: at least one service
reason-config-not-served = found { $word }, which is not served by this version; allowed: { $options }
reason-config-log-nowhere = found a check of a log, but no log; allowed with path, or with log_file of the service
reason-config-head-has-no-body = found a pattern for a body, but method HEAD gives none; allowed with method GET
reason-config-metric-twice = found { config-found } a second time; allowed: a name of its own, that no check of the service has, for each number
reason-config-metric-no-database = has no url, and DATABASE_URL is not set either: it cannot be counted
reason-config-own-metric = found { config-found }; allowed: a name of at most 32 of a-z, 0-9 and "_", beginning with a letter
reason-config-header-name = found a name that no header can have; allowed: letters, digits and "-"
reason-config-label-name = found a name that no label can have; allowed: letters, digits and "_", the first not a digit
reason-config-prometheus-name = found { config-found }; allowed: the name of a Prometheus metric like http_requests_total
reason-config-select = found { config-found }; allowed: one SELECT that gives one row with one number
reason-config-rule-no-limit = found no limit; allowed: one of over and under
reason-config-rule-two-limits = found two limits; allowed: one of over and under, and a rule for each
reason-config-rule-clear = found { config-found }, which is beyond the limit itself; allowed: the limit, or what is inside it
reason-config-rule-no-check = found { config-found }, which is the id of no check of this service; allowed: { $options }
reason-config-check-twice = found { config-found } a second time; allowed: an id of its own for each check of a service
reason-config-no-service = found { config-found }, which is no service; allowed: { $options }
reason-config-no-service-near = found { config-found }, which is no service, did you mean { $nearest }? allowed: { $options }
reason-config-cycle = found a cycle: { $cycle }; allowed: dependencies that end somewhere
reason-config-delays-crossed = found { config-found }, which is less than restart_delay; allowed: the same or more
reason-config-session-twice = found the tmux session of service { $other }; allowed: a session of its own for each service on one tmux server
reason-config-admin-twice = found { config-found } a second time; allowed: each id once
reason-config-topic-alone = found a topic without a group; allowed together with alert_chat
reason-config-container-none = found neither container nor compose; allowed: one of the two
reason-config-container-twice = found beside container; allowed: one of the two
reason-config-compose-service-alone = found without compose; allowed together with it
reason-config-panel-service-watched = found { config-found }, which is only watched (driver: external); allowed: a service that can be restarted

reason-config-bot-token = found { config-found }; allowed: the token that @BotFather gave for a bot of the manager's own, digits:letters
reason-config-owners = found { config-found }; allowed: Telegram user ids with commas between them, like 123456789,987654321 (a person's id is above 0; @userinfobot tells it)
reason-config-no-admins = found nothing, and no admins in the file; allowed: at least one Telegram user id, like 123456789 (@userinfobot tells it): without one nobody could use the bot
reason-config-api-root = found { config-found }; allowed: an address with http:// or https://
reason-config-proxy = found { config-found }; allowed: an address with socks5://, socks5h://, http:// or https://
reason-config-http-token = found { config-found }; allowed: letters, digits and signs without blanks

reason-config-nothing-enabled = no service is enabled: there is nothing to look after
reason-config-tmux-without-command = has no command: a session that is there is adopted and watched, but the manager cannot start it before command and cwd are set
reason-config-depends-on-disabled = { $other } is not enabled: this dependency is ignored
reason-config-rule-no-number = names a number that no check of this service gives: the rule never says anything; they give { $options }
reason-config-nobody-first = have all tier: next, so nobody hears of an alert before it is escalated (escalate_after); give one of them tier: first

reason-config-seed-login = has no meaning any more: there is no password login; the chat and the command line control, HTTP only shows
reason-config-seed-log-files = has no meaning any more: the manager logs to its standard output, which systemd or the container engine keeps and rotates
reason-config-seed-prometheus = has no meaning any more: Prometheus is served at /metrics on the address of http, with HTTP_TOKEN
reason-config-seed-process = has no meaning any more: the process is found by itself in the tmux session
reason-config-seed-always = has no meaning any more: it is always looked at
reason-config-seed-no-address = is not asked anything: { $variable } is not set in the environment
reason-config-seed-moved = is ignored: it belongs to a check of type { $check } now
reason-config-seed-telegram = has no meaning any more: alerts always go to the admins' chats
reason-config-seed-levels = has no meaning any more: alerts of all levels go to the admins
reason-config-seed-session = has no driver: read as tmux with the session { $session }, which was the default
reason-config-seed-watched = has no driver: read as external, and switched off, because this version does not yet serve what is only watched
reason-config-seed-dashboard = is ignored: http took its place and is set

## cli
# Words of tables are short: a column is as wide as its longest word.

cli-help = Keeps the services of a VPN host running, and tells you in Telegram when it cannot.
cli-help-version = print the version
cli-help-help = print this help
cli-help-json = print JSON, for scripts
cli-help-run = run the manager here, until it is told to stop; services keep running
cli-help-status = show the state of all services, worst first
cli-help-health = show every check of every service; exit code 0 only when all is well
cli-help-metrics = show the course of the numbers of a service, or of all
cli-help-range = how far back
cli-column-number = number
cli-metrics-none = nothing was measured in the last { $range }; numbers come from the checks of services that run
cli-metrics-size = The data file takes { $size }.
cli-help-start = start a service
cli-help-stop = stop a service; it stays down until somebody starts it
cli-help-restart = stop and start a service
cli-help-logs = show the last lines of a service's log
cli-help-doctor = say what is wrong with the set-up and how to mend it; changes nothing, needs no running manager
cli-doctor-node = Node
cli-doctor-config = configuration
cli-doctor-data = data folder
cli-doctor-manager = manager
cli-doctor-telegram = Telegram
cli-doctor-admins = admins
cli-doctor-services = services
cli-doctor-stores = Redis, PostgreSQL
cli-doctor-http = HTTP
cli-doctor-host = this machine
cli-doctor-well = The set-up is in order.
cli-doctor-ill = { $wrong ->
    [one] One thing is wrong.
   *[other] { $wrong } things are wrong.
}
cli-help-backup = copy the manager's data to a new file, also while it runs
cli-help-backup-file = where to; default: a name with the time, in this folder
cli-backup-done = { $file }, { $size }: checked, readable by you alone.
cli-backup-restore = To restore: stop the manager, remove { $store } with its -wal and -shm, copy this file in its place, start.
cli-help-config = look at the configuration
cli-help-config-check = check the configuration and the environment; starts nothing
cli-help-config-reload = show what changed in the configuration and apply it; what did not change is not touched
cli-help-yes = do not ask
cli-help-reload-restart = also restart what runs with an old command
cli-help-stop-removed = also stop what is not in the configuration any more
cli-help-service = name of the service, as in the configuration
cli-help-lines = how many lines, at most { $max }
cli-usage-title = Usage:
cli-arguments-title = Arguments:
cli-options-title = Options:
cli-commands-title = Commands:
cli-lines-range = A number from 1 to { $max } is needed.

cli-status-head = { $host }, manager { $version }, up { $uptime }, { $incidents ->
    [0] no open alerts
    [one] { $incidents } open alert
   *[other] { $incidents } open alerts
}
cli-no-services = No services are configured.
cli-telegram = Telegram: { $state } for { $since }
cli-telegram-connecting = connecting
cli-telegram-polling = connected
cli-telegram-unreachable = out of reach
cli-telegram-conflict = another program uses the bot's token
cli-telegram-unauthorized = refuses the bot's token
cli-telegram-off = off
cli-waiting = { $waiting ->
    [one] { $waiting } message waits for delivery
   *[other] { $waiting } messages wait for delivery
}
cli-column-service = SERVICE
cli-column-state = STATE
cli-column-health = HEALTH
cli-column-for = FOR
cli-column-pid = PID
cli-column-restarts = RESTARTS
cli-column-why = WHY
cli-state-stopped = stopped
cli-state-starting = starting
cli-state-running = running
cli-state-stopping = stopping
cli-state-backing-off = waiting
cli-state-failed = gave up
cli-state-unknown = unknown
cli-health-healthy = healthy
cli-health-degraded = degraded
cli-health-unhealthy = unhealthy
cli-health-unknown = unknown
cli-being-start = being started by { $by }, for { $for } ({ $most } at most)
cli-being-stop = being stopped by { $by }, for { $for } ({ $most } at most)
cli-being-restart = being restarted by { $by }, for { $for } ({ $most } at most)
cli-retry = next try in { $in }
cli-duration-days = { $n }d
cli-duration-hours = { $n }h
cli-duration-minutes = { $n }m
cli-duration-seconds = { $n }s

cli-doing-start = Starting { $service } …
cli-doing-stop = Stopping { $service } …
cli-doing-restart = Restarting { $service } …
cli-done-start = { $service } was started in { $took }.
cli-done-stop = { $service } was stopped in { $took }.
cli-done-restart = { $service } was restarted in { $took }.
cli-failed-start = { $service } was not started: { $why } (after { $took })
cli-failed-stop = { $service } was not stopped: { $why } (after { $took })
cli-failed-restart = { $service } was not restarted: { $why } (after { $took })
cli-goes-on = The manager goes on with it; “orbit status” shows how it ends.
cli-config-ok = ok: { $services ->
    [one] { $services } service
   *[other] { $services } services
}
cli-config-warning = warning: { $message }

reason-control-no-manager = No manager is running: nothing answers at { $path }. Start it with “orbit run” (or “systemctl start orbitvpn-manager”), or set ORBIT_DATA_DIR when its data folder is elsewhere.
reason-control-forbidden = You are not allowed to talk to the manager at { $path }: use the account that it runs under, or sudo.
reason-control-no-answer = The manager does not answer: not a word for { $seconds } s. Its log may say why; services keep running without it.
reason-control-lost = The connection to the manager broke before the answer came. What was asked for may have been done; “orbit status” shows it.
reason-control-bad-answer = The manager answers in a way this command does not understand: they are probably of different versions. Restart the manager after an update; services keep running.
reason-control-busy = The manager is talking to too many commands at once. Try again in a moment.
reason-control-bad-request = The manager does not understand the request: the command is probably of another version.
reason-control-line-too-long = The request is too long.
reason-control-failed = Something went wrong inside the manager; its log says what.
reason-control-unknown-service = There is no service “{ $service }”. “orbit status” lists them all.
reason-control-unknown-service-nearest = There is no service “{ $service }”. Did you mean “{ $nearest }”?
reason-control-taken = Another manager is already running with this data folder: it answers at { $path }. One folder has one manager; this one starts nothing.
reason-control-not-a-socket = { $path } is in the way: it is not a socket. Nothing was touched; move it away and start again.
reason-control-path-too-long = The path { $path } is too long for a socket: { $max } bytes at most. Choose a shorter ORBIT_DATA_DIR.
reason-control-cannot-listen = The control socket { $path } cannot be made: { $code }. Check who owns the data folder and that the disk is not full.

## drivers: why a service cannot be started, stopped or seen
reason-command-missing = no command is configured for it
reason-command-not-found = command not found: { $command }
reason-command-not-executable = the command { $command } may not be run: it is a folder or lacks the execute permission
reason-interpreter-not-found = the command { $command } needs { $interpreter }, which is not there
reason-folder-missing = its folder { $path } does not exist
reason-folder-not-a-folder = { $path } is not a folder
reason-folder-not-usable = its folder { $path } cannot be entered ({ $code })
reason-log-not-writable = its log file { $path } cannot be written ({ $code })
reason-env-file-missing = its env_file { $path } does not exist
reason-env-file-unreadable = its env_file { $path } cannot be read ({ $code })
reason-env-name-invalid = the name “{ $variable }” cannot be given to a program as a variable: only letters, digits and _ are possible
reason-run-folder-unusable = the manager's own folder { $path } cannot be used ({ $code })
reason-keeper-silent = the shell that starts it gave no answer; the machine may be overloaded or its disk full
reason-runs-as-stray = it runs already: process { $pid } was started as “{ $name }”, which is not in the configuration any more; stop that process (kill { $pid }), then start it here
reason-stray = “{ $name }” is not in the configuration any more, but runs on and nobody watches it (process { $pid }). Put it back, or end it: kill { $pid }
reason-signal-forbidden = the manager may not signal process { $pid }: it belongs to another user
reason-not-killed = still there after SIGKILL: { $processes }
reason-tmux-missing = tmux is not installed
reason-tmux-forbidden = the tmux socket { $socket } belongs to another user
reason-tmux-silent = tmux gave no answer within { $seconds } s
reason-tmux-refused = tmux says: { $text }
reason-tmux-socket-lost = tmux runs (process { $pid }), but its socket { $socket } has been removed; kill -USR1 { $pid } brings it back
reason-tmux-session-vanished = the tmux session { $session } was gone right after its start
reason-tmux-program-not-seen = the tmux session { $session } is there, but its command is not running in it

## drivers: systemd
reason-systemd-absent = no systemd is to be found here; inside a container the machine's own has to be let in
reason-systemd-user-absent = this user has no systemd of its own running (nothing in { $folder }); as root: loginctl enable-linger { $user }
reason-systemd-no-access = the manager may not talk to systemd: the socket of its bus is closed to this user
reason-systemd-unreachable = systemd cannot be reached ({ $problem })
reason-systemd-silent = systemd gives no answer
reason-systemd-not-understood = systemd tells of its units in a way that this version does not understand
reason-systemd-forbidden = systemd does not let this user start or stop { $unit }: run the manager as root or add a polkit rule
reason-systemd-refused = systemd refuses { $unit }: { $problem }
reason-unit-not-found = there is no unit { $unit }
reason-unit-masked = the unit { $unit } is masked; “systemctl unmask { $unit }” lets it start again
reason-unit-broken = the unit { $unit } cannot be loaded: { $problem }
reason-unit-name-invalid = { $unit } cannot be the name of a unit
reason-unit-state = the unit { $unit } is in the state “{ $state }”
reason-unit-condition = a condition of the unit { $unit } is not met, so systemd did not start it
reason-unit-start-code = { $unit } ended during its start with exit code { $code }
reason-unit-start-signal = { $unit } was killed during its start by { $signal }
reason-unit-start-limit =
    { $restarts ->
        [one] systemd gave up after { $restarts } restart: { $unit } ended too often in a row
       *[many] systemd gave up after { $restarts } restarts: { $unit } ended too often in a row
    }
reason-unit-setup =
    { $what ->
        [folder] systemd cannot enter the working folder of { $unit } (exit code { $status })
        [command] the command of { $unit } is not there or cannot be run (exit code { $status })
        [group] the group of { $unit } does not exist (exit code { $status })
       *[user] the user of { $unit } does not exist (exit code { $status })
    }
reason-unit-result =
    { $result ->
        [timeout] { $unit } took longer than systemd allows
        [watchdog] { $unit } gave no sign of life to the watchdog of systemd
        [oom-kill] the machine ran out of memory and a process of { $unit } was killed for it
        [start-limit-hit] { $unit } was started too often in a row, and systemd refuses for now
        [protocol] { $unit } did not say what systemd waits for
        [resources] systemd lacked something it needs to start { $unit }
       *[other] systemd says of { $unit }: { $result }
    }
reason-unit-job =
    { $result ->
        [dependency] another unit that { $unit } needs could not be started
        [canceled] the start of { $unit } was cancelled by somebody else
        [assert] an assertion of the unit { $unit } is not met
        [none] systemd did not say whether { $unit } started
       *[other] the start of { $unit } came to nothing ({ $result })
    }

## drivers: docker, external
reason-docker-absent = no container engine is to be found: there is no socket { $socket }
reason-docker-no-access = the manager may not use the socket { $socket }: its user has to be root or in the group docker
reason-docker-silent = the container engine gives no answer on { $socket }
reason-docker-away = the container engine cannot be reached on { $socket } ({ $problem })
reason-docker-not-understood = the container engine answers in a way that this version does not understand
reason-docker-refused = the container engine refuses { $container }: { $problem }
reason-container-missing = there is no container { $container }
reason-containers-several = { $project } has several containers ({ $containers }): name one of them, or its service
reason-container-state = the container { $container } is in the state “{ $state }”
reason-container-oom = a process of the container { $container } was killed because its memory was used up
reason-container-restart-limit =
    { $restarts ->
        [one] the container engine gave up on { $container } after { $restarts } restart
       *[many] the container engine gave up on { $container } after { $restarts } restarts
    }
reason-container-unhealthy =
    { $failing ->
        [one] the own check of the container { $container } failed: { $output }
       *[other] the own check of the container { $container } failed { $failing } times in a row: { $output }
    }
reason-container-health-starting = the container { $container } has not said yet whether it is well
reason-container-paused = the container { $container } is paused
reason-project-container-down = its container { $container } does not run
reason-external-only-watched = it is only watched; it cannot be started or stopped from here

## supervision: what happened and what was done
reason-exit-unknown = ended; nobody can say how
reason-exit-signal = killed by { $signal }
reason-exit-code = ended with exit code { $code }
reason-went-to-background = ended with exit code 0 and left processes running: it puts itself into the background, but has to stay in the foreground
reason-restarting-in =
    { $seconds ->
        [0] restarting at once
       *[other] restarting in { $seconds } s
    }
reason-policy-never = left stopped: its policy is never to restart
reason-clean-exit = left stopped: it ended well and its policy restarts only failures
reason-gave-up =
    gave up after { $exits ->
        [one] { $exits } exit
       *[other] { $exits } exits
    }
reason-crash-loop =
    crash loop: { $exits ->
        [one] { $exits } exit
       *[other] { $exits } exits
    } in { $minutes } min
reason-crash-loop-code = { reason-crash-loop }, exit code { $code }
reason-crash-loop-signal = { reason-crash-loop }, killed by { $signal }
reason-crash-loop-start =
    { $exits ->
        [one] { $exits } start that did not work
       *[other] { $exits } starts that did not work
    } in { $minutes } min
reason-stopped-trying = stopped trying; it needs a person
reason-start-did-not-work = the start did not work; trying again
reason-no-reason = no reason given
reason-check-hung = the check gave no answer within { $seconds } s
reason-check-threw = the check itself failed; the manager's log says how
reason-unknown-service = there is no service “{ $name }”
reason-busy-start = it is being started by { $by }, for { $seconds } s
reason-busy-stop = it is being stopped by { $by }, for { $seconds } s
reason-busy-restart = it is being restarted by { $by }, for { $seconds } s
reason-watched-only = it is only watched; the manager cannot start or stop it
reason-already-running = it was running already
reason-already-stopped = it was stopped already
reason-stop-not-written = it could not be written down, the disk may be full: should the manager end before there is room, the next one starts the service again
reason-cannot-be-started = no command is configured for it, so the manager cannot start it
reason-operation-hung = it did not end within { $seconds } s; look at the service's log
reason-died-at-once = it started and ended at once ({ $exit }); its log may say why
reason-leftovers-killed = what it left behind was killed: { $what }
reason-had-to-be-killed = did not go within { $seconds } s and was killed: { $what }
reason-started-by = { $by } started it
reason-restarted-by = { $by } restarted it
reason-stranger = { $name } (id { $id }) wrote to this bot and got no answer: not an admin.

## Telegram: commands and buttons
command-menu = All services, worst first
command-status = State of everything in one message
command-alerts = Alerts: open and past
command-metrics = Charts: /metrics service 24h
command-mute = Hold alerts: /mute service 30m
command-maintenance = Work on it: /maintenance service 2h
command-logs = Last log lines: /logs service lines pattern
command-settings = Language, and who you are here
command-help = What you can do here

button-start = Start
button-stop = Stop
button-restart = Restart
button-start-again = Start again
button-confirm-stop = Confirm stop
button-confirm-restart = Confirm restart
button-cancel = Cancel
button-refresh = Refresh
button-back = Back
button-menu = Menu
button-logs = Logs
button-chart = Chart
button-numbers = Other numbers
button-usual-numbers = CPU and memory
button-all-services = All services
button-service = Service
button-compare = { $what } of all
button-search = Search
button-settings = Settings
button-previous = ‹ Previous
button-next = Next ›

## Telegram: screens
chat-overall-none = No services are configured.
chat-overall-healthy = <b>{ $total ->
    [1] The service is healthy
   *[other] All { $total } services healthy
}</b>
chat-overall-problems = <b>{ $problems } of { $total } { $problems ->
    [one] has a problem
   *[other] have a problem
}</b>
chat-overall-unknown = <b>{ $unknown } of { $total } not known to be healthy yet</b>
chat-overall-resting = ({ $resting ->
    [one] { $resting } stopped by an operator
   *[other] { $resting } stopped by operators
})
chat-overall-all-resting = <b>Everything is stopped by an operator</b>
chat-list-empty = There is nothing to watch yet. Add a service to config/services.yaml, check it with “orbit config check”, and restart the manager.
chat-list-page = Page { $page } of { $pages }
chat-as-of = <i>as of { $time }</i>
chat-manager = Manager { $version } on { $host }, up { $for }
chat-alerts-waiting = { $waiting ->
    [one] { $waiting } alert waits to be delivered, for { $for }
   *[other] { $waiting } alerts wait to be delivered, the oldest for { $for }
}
chat-telegram-trouble = Telegram: { $why }
chat-no-such = There is no service { $name }.

chat-being-start = being started by { $by }, for { $for } ({ $most } at most)
chat-being-stop = being stopped by { $by }, for { $for } ({ $most } at most)
chat-being-restart = being restarted by { $by }, for { $for } ({ $most } at most)
chat-state-resting = stopped by an operator, { $for } ago
chat-state-stopped = not running for { $for }
chat-state-starting = starting for { $for }
chat-state-running = running for { $for }
chat-state-stopping = stopping for { $for }
chat-state-backing-off = down, next try in { $in }
chat-state-held = down for { $for }
chat-state-failed = down, the manager gave up { $for } ago
chat-state-unknown = state not known for { $for }
chat-health-degraded = degraded
chat-health-unhealthy = unhealthy
chat-health-unknown = health not known yet

chat-service-health-healthy = Healthy for { $for }
chat-service-health-degraded = Degraded for { $for }
chat-service-health-unhealthy = Unhealthy for { $for }
chat-service-health-unknown = Health not known yet, for { $for }
chat-service-process = Process <code>{ $pid }</code>, up { $for }
chat-service-uptime = Up { $for }
chat-service-restarts = Restarts by the manager: { $restarts }; recent exits that count: { $exits }
chat-service-foreign = Restarts by its own restart policy: { $restarts }
chat-service-exit = Last exit: { $how }, { $when }
chat-service-checks = Checks:

chat-ask-start = Start { $title }?
chat-ask-stop = Stop { $title }?
chat-ask-restart = Restart { $title }?
chat-ask-uptime = It has been up for { $for }.
chat-ask-healthy = It is healthy now.
chat-ask-start-then = Users can use it again.
chat-ask-stop-then = Users cannot use it from then on. It stays down, also after a restart of the manager, until somebody starts it.
chat-ask-restart-then = Users cannot use it until it is up again.
chat-ask-whose = <i>Only { $by } can confirm, within a minute.</i>
chat-question-foreign = Only { $owner } can confirm or cancel this. Open the service to ask for it yourself.
chat-question-stale = This question is no longer open. Nothing was done.
chat-cancelled = Cancelled. Nothing was done.

chat-doing-start = Starting <b>{ $title }</b>… (asked by { $by })
chat-doing-stop = Stopping <b>{ $title }</b>… (asked by { $by })
chat-doing-restart = Restarting <b>{ $title }</b>… (asked by { $by })
chat-done-start = Started in { $took } (asked by { $by })
chat-done-stop = Stopped in { $took } (asked by { $by })
chat-done-restart = Restarted in { $took } (asked by { $by })
chat-failed-start = Not started: { $why } (asked by { $by }, after { $took })
chat-failed-stop = Not stopped: { $why } (asked by { $by }, after { $took })
chat-failed-restart = Not restarted: { $why } (asked by { $by }, after { $took })
chat-note = { $note }
chat-busy-start = { $by } is starting { $title }, since { $time } ({ $for }).
chat-busy-stop = { $by } is stopping { $title }, since { $time } ({ $for }).
chat-busy-restart = { $by } is restarting { $title }, since { $time } ({ $for }).
chat-not-now-start = { $title } cannot be started now: { $state }.
chat-not-now-stop = { $title } cannot be stopped now: { $state }.
chat-not-now-restart = { $title } cannot be restarted now: { $state }.
chat-viewer = You may look, but not act. Ask an operator.
chat-outdated = This button is out of date. Here is the current state.

chat-logs = <b>{ $title }</b>: { $lines ->
    [one] the last line
   *[other] the last { $lines } lines
}
chat-logs-none = <b>{ $title }</b>: the log is empty.
chat-logs-matching = <b>{ $title }</b>: { $lines ->
    [one] the last line
   *[other] the last { $lines } lines
} with “{ $pattern }”
chat-logs-matching-none = <b>{ $title }</b>: no line with “{ $pattern }”.
chat-logs-unread = The log of <b>{ $title }</b> cannot be read now.
chat-logs-usage = Which service? <code>/logs service</code>, with how many lines and what to look for if you like: <code>/logs service 50 error</code>
chat-metrics-usage = Charts: <code>/metrics</code> for everything, <code>/metrics service 24h</code> for one; 1h, 6h, 24h, 7d or 30d
chat-chart-caption = <b>{ $title }</b>, the last { $range }
range-1h = 1 h
range-6h = 6 h
range-24h = 24 h
range-7d = 7 d
range-30d = 30 d
chat-search-ask = What shall I look for in the log of <b>{ $title }</b>? Reply with the text; capitals do not matter.
chat-search-left = The log of <b>{ $title }</b> was not searched.

chat-settings = Settings
chat-settings-you = You: { $name } (<code>{ $id }</code>)
chat-settings-role = Role: { $role }
chat-settings-language = Language: { $language }
chat-settings-timezone = Times are those of { $timezone }
chat-settings-version = Manager { $version }
chat-role-viewer = viewer (sees)
chat-role-operator = operator (sees and acts)
chat-role-owner = owner

chat-help =
    <b>What you can do here</b>
    /menu – all services, worst first; tap one to see why, to start, stop or restart it
    /status – everything in one message
    /alerts – what is wrong now and what was, with buttons to take it on
    /marzban – VPN panels: nodes, users, what to do
    /cache – Redis: memory, keys, slow commands, clearing the cache
    /db – PostgreSQL: connections, queries, tables, replicas
    /users – the shop: users, subscriptions, payments, revenue
    /metrics – charts: <code>/metrics</code> for everything, <code>/metrics service 24h</code>
    /digest – the last day: what broke, how available all was, how full the disks are
    /mute – hold alerts: <code>/mute service 30m</code>, <code>/mute all 2h</code>
    /maintenance – hold alerts and restarts while you work on it: <code>/maintenance service 1h</code>
    /logs – last log lines: <code>/logs service 50 error</code>
    /settings – language, what you want to hear, and who you are here
    /audit – who did what (owners)
    /help – this text

    Alerts come by themselves. Restart and Stop ask once more; nothing is done without that.
chat-unknown = I do not know that. /help says what I understand.
chat-broken = Something went wrong here. It is in the manager's log; try /menu.

## Telegram: alerts
incident-down = { $title } is down
incident-unhealthy = { $title } is not healthy
incident-gave-up = { $title } is down, and the manager gave up
incident-down-over = { $title } is back after { $for }
incident-unhealthy-over = { $title } is healthy again after { $for }
incident-stopped-by-operator = { $title } was stopped by an operator after { $for } of trouble
incident-superseded = { $title } went from bad to worse after { $for }; see the newer alert
alert-why = Why: { $why }
alert-affects = Affects: { $names }
alert-since = Since { $time } ({ $for })
alert-lines = Last lines of its log:
alert-counts = { $total ->
    [one] { $down } of { $total } service down
   *[other] { $down } of { $total } services down
}
alert-delayed = <i>delayed { $for }: Telegram could not be reached</i>
alert-repeat = <i>You may have got this already: the first try was not confirmed.</i>

## Telegram: why a message does not get through, why the bot does not hear
reason-telegram-flood = Telegram asks to wait { $seconds } s
reason-telegram-server = Telegram is in trouble itself (error { $code })
reason-telegram-no-answer = Telegram does not answer ({ $detail })
reason-telegram-stalled = no answer from Telegram for { $seconds } s
reason-telegram-unauthorized = Telegram refuses the bot's token
reason-telegram-conflict = another program polls with this bot's token
reason-telegram-recipient-gone = this chat cannot be written to ({ $detail })
reason-telegram-moved = the group has the id { $chat } now
reason-telegram-refused = Telegram refuses the message ({ $detail })
reason-telegram-empty = there is nothing to see in the message

## digest (telegram/screens/digest.ts)
digest-fine =
    All fine: { $services ->
        [one] { $services } service
       *[other] { $services } services
    }, nothing broke since { $since }.
digest-title = Summary, { $since } – { $until }
digest-broke = What broke
digest-broke-none = Nothing.
digest-broke-line =
    { $title }: { $times ->
        [one] once
       *[other] { $times } times
    }, { $for } in all
digest-broke-open =
    { $title }: { $times ->
        [one] once
       *[other] { $times } times
    }, { $for } in all, not over yet
digest-starts = Starts
digest-slow = Slowest answers
digest-slow-line = { $title }: { $usual } on average, { $most } at most
digest-availability = Available: day / week / month
digest-availability-line = { $title }: { $day } / { $week } / { $month }
digest-available-always =
    { $n ->
        [one] { $n } service: always
       *[other] { $n } services: always
    }
digest-unknown = { $for } not known, counted as not up
digest-muted = Muted
digest-disks = Disks
digest-disk-steady = { $path }: { $used } taken, not filling up
digest-disk-fills = { $path }: { $used } taken, full in { $in } if it goes on like this
digest-more = and { $n } more
command-digest = what happened in the last day
button-digest = Summary

## alerting: groups, flapping, mutes
alert-nothing = Nothing to say any more.
alert-group =
    { $n ->
        [one] { $n } problem
       *[other] { $n } problems
    } at once
alert-group-over =
    { $n ->
        [one] { $n } problem, over
       *[other] { $n } problems, all over
    }
alert-group-back =
    { $n ->
        [one] { $n } problem is over
       *[other] All { $n } problems are over
    } after { $for }
alert-group-more =
    { $n ->
        [one] and { $n } more:
       *[other] and { $n } more:
    }
incident-flapping = { $title } is flapping
incident-flapping-over = { $title } is stable again after { $for }
incident-removed = { $title } is not configured any more
reason-flapping =
    { $changes ->
        [one] { $changes } change
       *[other] { $changes } changes
    } between up and down within { $minutes } min; single alerts are held until it stays up or down
reason-flapping-on =
    { $changes ->
        [one] { $changes } change
       *[other] { $changes } changes
    } between up and down so far; single alerts are held until it stays up or down
reason-held-maintenance = not started: maintenance is on
reason-held-dependency = not started yet: it needs { $name }, which does not run
reason-held-unproven = not started yet: it needs { $name }, which has died again and again and has yet to stay up
reason-held-unseen = not started yet: it needs { $name }, and whether that runs cannot be seen; started anyway once that has lasted { $seconds } s
reason-unknown-incident = there is no alert { $id }
reason-incident-over = it is over already
reason-already-acknowledged = { $by } has taken it on already
reason-mute-in-the-past = the end lies in the past
reason-mute-too-long =
    { $days ->
        [one] { $days } day at most
       *[other] { $days } days at most
    }
reason-mute-over = it has ended already
reason-not-muted = it is not muted by itself

## alerting: what lasts too long (core/lasting.ts)
incident-unknown = { $title } cannot be asked
incident-unknown-still = { $title } still cannot be asked, for { $for }
incident-unknown-over = { $title } answers again after { $for }
incident-degraded = { $title } is degraded
incident-degraded-still = { $title } is still degraded, for { $for }
incident-degraded-over = { $title } is as it should be again after { $for }
chat-alert-unknown = cannot be asked
chat-alert-degraded = degraded
cli-what-unknown = unknown
cli-what-degraded = degraded
reason-could-not-ask = could not ask for { $seconds } s; not counted as healthy, and nothing is restarted for it

## alerting: rules on numbers (core/rule.ts)
incident-rule = { $title } is out of bounds
incident-rule-still = { $title } is still out of bounds, for { $for }
incident-rule-over = { $title } is within bounds again after { $for }
incident-gone = { $title } is not measured any more, after { $for } of trouble
chat-alert-rule = out of bounds
cli-what-rule = bounds
reason-rule-over =
    { METRIC($metric) } { MEASURE($value, $unit) }, over { MEASURE($limit, $unit) }{ $lasted ->
        [0] { "" }
       *[other] { " " }for { SPAN($lasted) }
    }
reason-rule-under =
    { METRIC($metric) } { MEASURE($value, $unit) }, under { MEASURE($limit, $unit) }{ $lasted ->
        [0] { "" }
       *[other] { " " }for { SPAN($lasted) }
    }
reason-rule-back = { METRIC($metric) } { MEASURE($value, $unit) }

## alerting: the host's own network (core/link.ts)
incident-link-down = This host has no network
incident-link-down-still = This host still has no network, for { $for }
incident-link-down-over = This host has its network back after { $for }
chat-alert-link-down = this host has no network
cli-what-link-down = no network
reason-own-link-down = this host has no network; could not ask
reason-link-down = none of { $anchors } answers; what lies beyond this host counts as unknown, and nothing is restarted for it

## history (store/samples.ts, supervisor/history-watch.ts)
incident-history-paused = What is measured is not kept
incident-history-paused-still = What is measured is still not kept, for { $for }
incident-history-paused-over = What is measured is kept again, after { $for }
chat-alert-history-paused = measurements are not kept
cli-what-history-paused = no history
reason-history-disk-full = only { $megabytes } MB are left on the disk; they are for the alerts, which go on
reason-history-not-written = the data file cannot be written ({ $text }); alerts go on
chat-settings-history = The data file (history, alerts) takes { $size }

## alerting: what people do about alerts
button-acknowledge = Acknowledge
button-acknowledge-all = Acknowledge all
button-mute-half-hour = Mute 30 min
button-mute-two-hours = Mute 2 h
button-mute-morning = Till morning
button-mute-day = Mute 1 day
button-mute-all = Mute all 30 min
button-unmute = Unmute
button-unmute-all = Unmute all
button-unmute-everything = Unmute everything
button-maintenance-half-hour = Work 30 min
button-maintenance-two-hours = Work 2 h
button-maintenance-day = Work 1 day
button-end-maintenance = End maintenance
button-show-alerts = Show alerts
button-alerts = Alerts
button-mutes = Mute…
button-audit = Audit
button-level-info = All alerts
button-level-warning = Warnings up
button-level-error = Errors up
button-level-critical = Critical
button-quiet-on = Quiet hours on
button-quiet-off = Quiet hours off

alert-taken = Taken on by { $by } at { $time }
alert-escalated = Nobody has reacted for { $for }
alert-group-affects = affects: { $names }
alert-group-muted = All of these are muted until { $until } ({ $by })
incident-down-still = { $title } is still down, for { $for }
incident-gave-up-still = { $title } is still down, for { $for }; the manager gave up
incident-unhealthy-still = { $title } is still not healthy, for { $for }
incident-flapping-still = { $title } is still flapping, for { $for }
incident-flapping-settled =
    { $title } is stable again: { $health ->
        [healthy] healthy
        [degraded] degraded
        [unhealthy] unhealthy
       *[unknown] health not known
    } (after { $for })

chat-muted =
    { $covers ->
        [all]
            { $kind ->
                [maintenance] Maintenance of everything
               *[mute] Everything is muted
            }
        [service]
            { $names }: { $kind ->
                [maintenance] maintenance
               *[mute] muted
            }
       *[incident] Alert { $names } is muted
    } until { $until } ({ $by })
chat-took-on = You have taken it on. It will not be repeated.
chat-took-all =
    You have taken on { $n ->
        [one] { $n } alert
       *[other] { $n } alerts
    }. They will not be repeated.
chat-took-none = All of these have been taken on or are over.
chat-muted-now = Muted until { $until }
chat-muted-all-now =
    { $n ->
        [one] { $n } service is muted
       *[other] { $n } services are muted
    } until { $until }
chat-maintenance-now = Maintenance until { $until }
chat-unmuted-now = Unmuted
chat-not-muted = Not done: { $why }
chat-owners-only = Only owners can see who did what.
chat-usage-mute = What to mute and for how long? <code>/mute service 30m</code>, <code>/mute all 2h</code>, <code>/mute service 1d</code>
chat-usage-maintenance = What do you work on and for how long? <code>/maintenance service 30m</code>, <code>/maintenance all 2h</code>
chat-mutes = Mutes and maintenance
chat-mutes-of = { $title }: mutes and maintenance
chat-mutes-none = Nothing is muted.
chat-mutes-explained = <i>A mute holds alerts; what is still wrong at its end is told then. While maintenance is on (“Work”), the manager does not restart it either. Checks go on.</i>
chat-alerts = Alerts
chat-alerts-now = <b>Open</b>
chat-alerts-none-open = Nothing is open.
chat-alerts-empty =
    Nothing is open, and nothing was. When something goes wrong, it stands here with buttons to take it on, like this:
    🔴 <b>Shop bot</b>: down since 14:55 (4 min) · 👤 Vera
chat-alerts-line = <b>{ $title }</b>: { $what } since { $time } ({ $for })
chat-alerts-line-over = { $time } <b>{ $title }</b>: { $what } for { $for }
chat-alerts-open =
    { $open ->
        [one] { $open } open alert
       *[other] { $open } open alerts
    }, { $untaken ->
        [0] all taken on
       *[other] { $untaken } not taken on
    }
chat-alert-down = down
chat-alert-gave-up = down, the manager gave up,
chat-alert-unhealthy = not healthy
chat-alert-flapping = flapping
chat-audit = Who did what
chat-audit-empty = Nobody has done anything yet.
audit-action =
    { $action ->
        [start] start
        [stop] stop
        [restart] restart
        [ack] acknowledge
        [mute] mute
        [maintenance] maintenance
        [unmute] unmute
        [reload] new settings
        [cache-clear] clear the cache
        [panel-reconnect-node] reconnect the node
        [panel-enable-node] switch the node on
        [panel-disable-node] switch the node off
        [panel-restart-core] restart the core
        [panel-restart-panel] restart the panel
        [panel-reconnects-on] automatic reconnects on
        [panel-reconnects-off] automatic reconnects off
        [panel-user-enable] enable the user
        [panel-user-disable] disable the user
        [panel-user-reset-traffic] reset the traffic
        [panel-user-extend] extend
       *[other] { $action }
    }
chat-audit-line =
    { $time } <b>{ $by }</b>{ $kind ->
        [telegram] {""}
        [manager] {" "}(by itself)
       *[cli] {" "}(command line)
    }: { audit-action } { $title }
chat-audit-why = { $why }
chat-settings-level =
    Alerts: { $level ->
        [info] all
        [warning] warnings and worse
        [error] errors and worse
       *[critical] only critical ones
    }
chat-settings-quiet = Quiet hours: { $hours }, only what is critical may sound then
chat-settings-not-quiet = Quiet hours: off ({ $hours } when on)
cli-help-alerts = show what is wrong now, and what is muted
cli-help-alerts-all = also the last alerts that are over
cli-help-ack = take an alert on: it is not repeated, and everybody sees who has it
cli-help-alert = number of the alert, as in “orbit alerts”
cli-help-mute = hold alerts; what is still wrong at the end is told then
cli-help-maintenance = hold alerts and restarts while you work on it
cli-help-unmute = end a mute or a maintenance
cli-help-muted = its number, or the service, or all
cli-help-audit = show who did what, newest first
cli-help-entries = how many entries, at most { $max }
cli-help-service-or-all = name of the service, or all
cli-help-span = how long, like 30m, 2h, 1d; at most 7d
cli-alert-id = A number is needed; “orbit alerts” shows it.
cli-span-wrong = A length of time is needed, like 30m, 2h or 1d.
cli-alerts-none = No open alerts.
cli-alerts-open = Open alerts:
cli-alerts-past = The last alerts that are over:
cli-alerts-none-past = There are none.
cli-column-id = ID
cli-column-level = LEVEL
cli-column-what = WHAT
cli-column-taken = TAKEN ON BY
cli-column-ended = ENDED
cli-column-when = WHEN
cli-column-who = WHO
cli-column-action = ACTION
cli-column-outcome = OUTCOME
cli-level-info = info
cli-level-warning = warning
cli-level-error = error
cli-level-critical = critical
cli-what-down = down
cli-what-gave-up = gave up
cli-what-unhealthy = unhealthy
cli-what-flapping = flapping
cli-muted =
    { $covers ->
        [all]
            { $kind ->
                [maintenance] Maintenance of everything
               *[mute] Everything is muted
            }
        [service]
            { $kind ->
                [maintenance] Maintenance of { $name }
               *[mute] { $name } is muted
            }
       *[incident] Alert { $name } is muted
    } for { $left } more, by { $by } (number { $id })
cli-acknowledged = Alert { $id } is yours now: it is not repeated, and everybody sees it.
cli-mute-done =
    { $kind ->
        [maintenance]
            { $covers ->
                [all] Maintenance of everything for { $for }: no alerts, and the manager restarts nothing.
               *[service] Maintenance of { $name } for { $for }: no alerts, and the manager does not restart it.
            }
       *[mute]
            { $covers ->
                [all] Everything is muted for { $for }.
               *[service] { $name } is muted for { $for }.
            }
    }
cli-unmute-done = { $name }: unmuted.
cli-alerting-refused = Not done: { $why }
cli-audit-none = Nobody has done anything yet.
cli-audit-done = done

## checks: networks, certificates, programs, logs, the host (checks/)
reason-net-refused = { $address } refuses the connection: nothing listens there
reason-net-timeout = { $address } does not answer in time
reason-net-closed = { $address } closes the connection at once
reason-net-unreachable = no way leads to { $address }
reason-net-no-such-host = { $address }: there is no host of this name
reason-net-no-socket = { $address }: there is no such socket
reason-net-no-resolver = could not ask { $address }: this machine cannot look up names now
reason-net-forbidden = could not ask { $address }: the manager may not connect there
reason-net-own-network = could not ask { $address }: this machine has no network
reason-net-own-files = could not ask { $address }: the manager has too many files open
reason-net-error = { $address } cannot be reached ({ $code })
reason-net-slow = { $address } is slow: { $ms } ms in the middle of the last answers, allowed are { $limit } ms

reason-tls-no-handshake = { $address } speaks no TLS that we understand ({ $code })
reason-tls-no-certificate = { $address } shows no certificate
reason-tls-expired =
    the certificate of { $address } expired on { $date }{ $days ->
        [0] {""}
        [one] , { $days } day ago
       *[other] , { $days } days ago
    }
reason-tls-expires =
    the certificate of { $address } expires on { $date }, { $days ->
        [0] in less than a day
        [one] in { $days } day
       *[other] in { $days } days
    }
reason-tls-not-yet-valid = the certificate of { $address } is not valid before { $date }
reason-tls-self-signed = the certificate of { $address } is self-signed: no known authority vouches for it
reason-tls-unknown-issuer = the certificate of { $address } comes from an unknown authority, or the server does not send the chain in between
reason-tls-chain-expired = an authority above the certificate of { $address } has expired
reason-tls-revoked = the certificate of { $address } has been revoked
reason-tls-distrusted = the certificate of { $address } is not trusted ({ $code })
reason-tls-wrong-name = the certificate of { $address } is for other names than { $name }: { $names }
reason-tls-no-ca-file = could not ask: the file of authorities { $path } cannot be read ({ $code })

reason-dns-no-such-name = there is no name { $name }
reason-dns-no-record = { $name } has no { $record } record
reason-dns-other-answer = { $name } { $record } leads to { $found }; { $expected } is missing
reason-dns-slow = looking up { $name } is slow: { $ms } ms in the middle of the last answers, allowed are { $limit } ms
reason-dns-server-silent =
    { $server ->
        [own] could not ask: this machine's name server does not answer
       *[other] the name server { $server } does not answer
    }
reason-dns-server-failed =
    { $server ->
        [own] this machine's name server fails to look up { $name }
       *[other] the name server { $server } fails to look up { $name }
    }
reason-dns-server-refused =
    { $server ->
        [own] this machine's name server refuses to look up { $name }
       *[other] the name server { $server } refuses to look up { $name }
    }
reason-dns-error = { $name } could not be looked up ({ $code })

command-said =
    { $said ->
        [nothing] without a word
       *[line] saying “{ $line }”
    }
reason-command-late = { $program } did not end in time and was killed, { command-said }
reason-command-signal = { $program } was killed by { $signal }, { command-said }
reason-command-exit = { $program } ended with exit code { $code }, { command-said }
reason-command-output = { $program } said something else than expected: it ended { command-said }
reason-command-slow = { $program } is slow: { $ms } ms in the middle of the last runs, allowed are { $limit } ms
reason-command-not-run =
    could not ask: { $program } { $code ->
        [ENOENT] or its folder does not exist
        [EACCES] may not be run
       *[other] cannot be run ({ $code })
    }

reason-log-matches =
    { $matches ->
        [one] { $matches } line
       *[other] { $matches } lines
    } in { $seconds } s, the last: “{ $line }”
reason-log-missing =
    could not look: { $path } { $code ->
        [ENOENT] does not exist
        [EACCES] may not be read by the manager
        [EISDIR] is a folder
        [ENOTREG] is not a file
       *[other] cannot be read ({ $code })
    }
reason-log-too-fast = { $path } grows faster than it can be read: { $megabytes } MB were passed over

reason-host-disk = the disk { $path } is { $percent } % full, { $free } { $unit } are left
reason-host-inodes = the disk { $path } has used { $percent } % of the files it can hold
reason-host-disk-read-only = the disk { $path } has become read-only: the kernel met errors on it
reason-host-disk-filling =
    the disk { $path } ({ $percent } %) will be full in about { $unit ->
        [h] { $n } h
       *[min] { $n } min
    }, should it go on like this
reason-host-memory = { $percent } % of the memory is taken, { $free } { $unit } are left
reason-host-cpu = the processor is { $percent } % busy
reason-host-steal = the hypervisor gives { $percent } % of the processor's time to other machines
reason-host-load = { $load } processes wait for each processor core
reason-host-network = { $percent } % of the packets of { $name } were lost or broken ({ $count })
reason-host-clock-off = the clock is { $seconds } s off
reason-host-clock-jumped = the clock jumped by { $seconds } s, or the machine was asleep
reason-host-rebooted = the machine was rebooted { $minutes } min ago
reason-host-unreadable = could not look: /proc cannot be read ({ $code })

## checks: process and http
reason-process-pid-unknown = the process is not known, so it cannot be measured
reason-process-gone = process { $pid } is gone
reason-process-zombie = process { $pid } has ended and nobody collects it (zombie)
reason-process-frozen = process { $pid } is frozen (stopped by a signal)
reason-http-status = { $address } answers with status { $status }
reason-http-body = { $address } answers, but not with the expected text
reason-http-redirect-nowhere = { $address } redirects to something that is no address
reason-http-redirect-loop = { $address } redirects more than { $hops } times
reason-http-certificate = the certificate of { $address } is not accepted ({ $code })
reason-http-not-http = { $address } answers with something that is not HTTP

## checks: numbers of one's own (checks/metric*.ts)
reason-metric-no-number = what was found is no number: { $found }
reason-metric-no-json = { $address } answers something else than JSON
reason-metric-nothing-there = the answer of { $address } has nothing at { $path }
reason-metric-no-exposition = { $address } answers something else than Prometheus’s format
reason-metric-no-series = { $address } has no series { $series }
reason-metric-too-long = the answer of { $address } is longer than { $megabytes } MB
reason-metric-no-database = no address of a PostgreSQL: set url, or DATABASE_URL
reason-metric-rows =
    { $rows ->
        [none] the query gave no row; it has to give one
       *[several] the query gave several rows; it has to give one
    }

## checks: Redis (checks/)
reason-redis-no-password = { $address } asks for a password, and none is configured
reason-redis-wrong-password = { $address } refuses the password
reason-redis-no-right =
    could not ask { $address }: the user may not { $command ->
        [keys] touch these keys
       *[other] { $command }
    }
reason-redis-loading = { $address } is still loading its data from disk
reason-redis-is-loading = it is still loading its data from disk
reason-redis-master-down = { $address } is a replica that has lost its master and refuses to answer
reason-redis-cannot-save = { $address } cannot save to disk and refuses writes
reason-redis-busy = { $address } is busy with a script that does not end
reason-redis-protected = { $address } answers only its own machine (protected mode)
reason-redis-read-only = { $address } is a replica: it takes no writes
reason-redis-too-many-clients = { $address } has as many clients as it takes
reason-redis-not-redis = { $address } answers, but not as a Redis does
reason-redis-error = { $address } says: { $text }
reason-redis-memory =
    { $percent } % of { $of ->
        [limit] its memory limit
       *[machine] the machine's memory
    } is used
reason-redis-memory-full = { $percent } % of its memory limit is used; at the limit it refuses writes (noeviction)
reason-redis-fragmented = it holds { $ratio } times the memory that its data needs (fragmentation)
reason-redis-refused-writes =
    refused { $count ->
        [one] { $count } write
       *[other] { $count } writes
    } since the last look ({ $code }, policy { $policy })
reason-redis-evicted =
    threw away { $keys ->
        [one] { $keys } key
       *[other] { $keys } keys
    } since the last look: its memory is full (policy { $policy })
reason-redis-rejected =
    turned away { $count ->
        [one] { $count } connection
       *[other] { $count } connections
    } since the last look: too many clients
reason-redis-clients = { $clients } of at most { $max } clients are connected
reason-redis-rdb-failed = the last snapshot to disk failed; by default it then refuses writes
reason-redis-aof-failed = writing to its journal (AOF) fails
reason-redis-aof-rewrite-failed = the last rewrite of its journal (AOF) failed
reason-redis-link-down = the link to its master has been down for { $seconds } s
reason-redis-replica = the replica { $address } is not online ({ $state })
reason-redis-keys-dropped = of { $before } keys only { $keys } are left since the last look: it was emptied
reason-cache-everything = the pattern { $pattern } is every key; name at least a part of the keys
reason-cache-needs-count =
    { $pattern } covers { $matching ->
        [one] { $matching } key
       *[other] { $matching } keys
    }, { $percent } % of all: an owner has to type the number
reason-cache-other-count =
    { $pattern } covers { $matching ->
        [one] { $matching } key
       *[other] { $matching } keys
    } ({ $percent } % of all), and another number was typed; nothing was removed

reason-cache-begun =
    { $matching ->
        [one] { $matching } key
       *[other] { $matching } keys
    } of { $pattern } are being removed
reason-cache-cleared =
    { $removed ->
        [one] { $removed } key
       *[other] { $removed } keys
    } of { $pattern } removed
reason-cache-stopped =
    stopped after { $removed ->
        [one] { $removed } key
       *[other] { $removed } keys
    } of { $pattern }
reason-cache-busy = { $by } is clearing this Redis at this moment; wait until that is over
reason-cache-count-gone = what was counted is out of date; count again
reason-store-unknown = { $store } is not asked by any check (any more)
reason-shop-no-database = no database of the shop is known: set DATABASE_URL, or give a service a check of type postgres

## doctor: the set-up, and how to mend it (wiring/doctor/)
reason-doctor-broke = this could not be looked at: { $problem }
reason-doctor-no-answer = no answer within 8 s
reason-doctor-node = version { $version }
reason-doctor-node-old = version { $version } is too old: at least { $needed } is needed
reason-doctor-advice-node = Install the current LTS from nodejs.org, then run npm ci --ignore-scripts and npm run build again.
reason-doctor-config =
    { $services ->
        [one] without mistakes, { $services } service
       *[other] without mistakes, { $services } services
    }
reason-doctor-data = { $folder } is there and can be written
reason-doctor-data-none = { $folder } is not there yet; the manager makes it
reason-doctor-data-forbidden = { $folder } cannot be written by { $account }
reason-doctor-advice-data-owner = Run this and the manager as the same account, or give it the folder: chown -R { $account } { $folder }
reason-doctor-data-no-folder = { $folder } is no folder
reason-doctor-advice-data-no-folder = Set ORBIT_DATA_DIR to a folder.
reason-doctor-data-foreign = { $folder } belongs to another account (uid { $uid }) than yours ({ $account })
reason-doctor-advice-data-foreign = Run orbit doctor as the manager's account: what you may do, it may perhaps not.
reason-doctor-data-open = { $folder } can be entered by other accounts of this machine
reason-doctor-advice-data-open = chmod 700 { $folder }
reason-doctor-disk-full = only { $free } MB are free for { $folder }: no samples are kept, and soon no alerts
reason-doctor-disk-little = only { $free } MB are free for { $folder }
reason-doctor-advice-disk = Make room on that disk, or set ORBIT_DATA_DIR to another.
reason-doctor-env-open = { $file } holds secrets and can be read by other accounts of this machine
reason-doctor-advice-env-open = chmod 600 { $file }
reason-doctor-manager = { $version } runs and answers
reason-doctor-manager-none = none runs in this data folder
reason-doctor-telegram = answers; the bot is { $bot }
reason-doctor-advice-token = Copy the token from @BotFather anew into MANAGER_BOT_TOKEN in .env.
reason-doctor-advice-proxy = It goes through TELEGRAM_PROXY: is the proxy up, are its address and password right?
reason-doctor-advice-network = Where Telegram is blocked, set TELEGRAM_PROXY or TELEGRAM_API_ROOT in .env; elsewhere look at name resolution and the firewall.
reason-doctor-webhook = another program has this bot's updates sent to { $host }
reason-doctor-advice-own-bot = Give the manager a bot of its own: /newbot at @BotFather, its token into MANAGER_BOT_TOKEN.
reason-doctor-poller-ours = the running manager hears the bot
reason-doctor-poller-none = nobody else polls with this token
reason-doctor-poller-unknown = whether somebody else polls with this token could not be found out
reason-doctor-admins = the bot can write to { $reached } of { $all }
reason-doctor-admins-none = the bot can write to no admin: nobody would hear an alert
reason-doctor-admin-silent = the bot cannot write to { $who }
reason-doctor-advice-start = They have to send /start to the bot once; is the id right? @userinfobot tells it.
reason-doctor-group = the bot can write to the group { $title }
reason-doctor-advice-group = Add the bot to the group, and check the id in telegram.alert_chat.
reason-doctor-service = can be found and started ({ $driver })
reason-doctor-store = answers the manager's user
reason-doctor-redis-rights = the manager's user may not { $rights }
reason-doctor-postgres-rights = what other roles do is hidden from the manager's user: pg_monitor is missing
reason-doctor-shop = all of the shop's figures can be read
reason-doctor-advice-rights = docs/least-rights.md has the commands that grant it.
reason-doctor-http = { $address } is free
reason-doctor-http-taken = { $address } cannot be had ({ $problem }); the manager would run without it and try again
reason-doctor-advice-http-taken = Set another http.port, or http: null.
reason-doctor-http-open = { $address } can be reached from outside, and HTTP_TOKEN would go over the wire as it is
reason-doctor-advice-http-open = Set http.host to 127.0.0.1 and use a tunnel or a reverse proxy with TLS.
reason-doctor-clock = the clock is kept right
reason-doctor-clock-drifts = nobody keeps the clock right: times in messages will be wrong
reason-doctor-clock-unknown = who keeps the clock right could not be found out
reason-doctor-advice-clock = timedatectl set-ntp true, or install chrony.
reason-doctor-watches-none = the kernel has no more watches for this account: the end of a process is seen within a second, not at once
reason-doctor-advice-watches = Another program uses them up. sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=1048576, and the same two lines in a file below /etc/sysctl.d to keep it.
reason-doctor-pictures = charts can be drawn
reason-doctor-advice-pictures = Run npm ci --ignore-scripts again in the manager's folder: the font or the canvas is not there.

## backup (store/backup.ts)
reason-backup-nothing = There is nothing to back up yet: { $file } is not there. Run this where the manager runs, or set ORBIT_DATA_DIR.
reason-backup-exists = { $file } is there already and stays as it is; name another file.
reason-backup-no-room = There is no room for { $file }: { $missing } MB are missing.
reason-backup-unwritable = { $file } could not be made: { $problem ->
    [ENOENT] its folder is not there
    [EACCES] this user may not write there, or not read the manager's data
    [EROFS] that file system is read-only
    [ENOSPC] the disk is full
   *[other] { $problem }
}.
reason-backup-damaged = The data is damaged ({ $found }); the copy was thrown away. Keep what is there and restore an older backup.

## http: the status page (http/page.ts)
page-alerts = Open alerts
page-no-alerts = None. All is quiet.
page-services = Services
page-panels = Panels
page-about = as of { $time } · manager { $version }, up { $uptime }
page-since = for { $since }
page-taken = { $by } has it
page-restarts =
    { $restarts ->
        [one] { $restarts } restart
       *[other] { $restarts } restarts
    }
page-nodes = nodes { $up } of { $total } up
page-online =
    { $online ->
        [one] { $online } user online
       *[other] { $online } users online
    }
page-foot = Refreshes itself every { $seconds } s. This page only shows; act in the chat or with the orbit command.
page-login = The password is needed
page-login-how = Any name; the password is the value of HTTP_TOKEN. Reload the page to be asked again.

## charts and metrics (charts/, measures.ts)

chart-last = last
chart-min = min
chart-avg = avg
chart-max = max
chart-starts = { $starts ->
    [one] { $starts } start
   *[other] { $starts } starts
}
chart-incidents = { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
}
chart-warnings = { $warnings ->
    [one] { $warnings } warning
   *[other] { $warnings } warnings
}
chart-more = { $more } more
chart-nothing = nothing measured
chart-several = Services compared
chart-compared = { $what } by service
chart-dashboard = Everything
reason-chart-no-data = nothing was measured in this time; numbers come from the checks of services that run: pick a longer range, or wait a minute
reason-chart-late = the picture was not ready within { $seconds } s and was given up; try a shorter range
reason-chart-failed = the picture could not be drawn; the log of the manager says why
reason-chart-busy = too many pictures are being drawn; try again in a moment
metric-cpu = CPU
metric-memory = Memory
metric-memory-rss = Memory (RSS)
metric-memory-share = Memory of its limit
metric-memory-of-host = Memory of the machine
metric-memory-available = Memory available
metric-threads = Threads
metric-processes = Processes
metric-open-files = Open files
metric-open-files-used = Open files of the limit
metric-latency = Latency
metric-restarts = Restarts
metric-uptime = Uptime
metric-iowait = I/O wait
metric-steal = Steal
metric-load-per-core = Load per core
metric-swap = Swap
metric-disk = Disk
metric-disk-free = Free on
metric-inodes = Inodes
metric-received = Received
metric-sent = Sent
metric-net-errors = Network errors
metric-clock-offset = Clock offset
metric-fragmentation = Fragmentation
metric-keys = Keys
metric-hit-rate = Hit rate
metric-clients = Clients
metric-blocked-clients = Blocked clients
metric-ops = Operations
metric-evicted = Evicted
metric-expired = Expired
metric-rejected = Rejected
metric-errors = Errors
metric-replicas = Replicas
metric-replication-lag = Replication lag
metric-connections = Connections
metric-connection-share = Connections of the limit
metric-active = Active
metric-idle = Idle
metric-idle-in-transaction = Idle in transaction
metric-size = Size
metric-matches = Matches
metric-exit-code = Exit code
metric-duration = Duration
metric-days-left = Days left
metric-waiting = Waiting for a lock
metric-slow-queries = Slow queries
metric-longest-query = Longest query
metric-longest-transaction = Longest transaction
metric-transactions = Transactions
metric-rollbacks = Rollbacks
metric-rows-read = Rows read
metric-rows-written = Rows written
metric-cache-hit = Found in cache
metric-deadlocks = Deadlocks
metric-temp-files = Temporary files
metric-temp-bytes = Temporary data
metric-wraparound = Wraparound
metric-replay-lag = Replay lag
metric-users-online = Users online
metric-cpu-brief = CPU
metric-memory-brief = RAM
metric-latency-brief = Lat.

## panels: what is wrong with a panel or a node, what to do, what an action does (panels/)
reason-panel-address = its address is not one of a web server; it has to begin with http:// or https://
reason-panel-no-credentials = user name or password is missing ({ $where })
reason-panel-refused = refuses connections: its process does not run, or the port is another
reason-panel-name-unknown = its name cannot be resolved
reason-panel-no-route = its machine cannot be reached
reason-panel-cut-off = cut the connection off
reason-panel-socket = the connection failed ({ $code })
reason-panel-timeout = did not answer in time
reason-panel-no-answer = does not answer
reason-panel-tls-expired = its certificate has expired
reason-panel-tls-not-yet = its certificate is not valid yet; check the clocks
reason-panel-tls-self-signed = its certificate is signed by itself; set insecure_tls: true for this panel if that is meant
reason-panel-tls-chain = its certificate comes without the one that vouches for it; serve the full chain
reason-panel-tls-name = its certificate is for another name
reason-panel-tls-other = no secure connection comes about ({ $code })
reason-panel-not-http = answers with something that is not HTTP; https:// instead of http://, perhaps
reason-panel-redirects = sends us on to { $to }; if that is right, configure it as the address
reason-panel-too-large = its answer is larger than any that makes sense
reason-panel-cancelled = given up before the answer came
reason-panel-busy = too much waits for this panel already; try again in a moment
reason-panel-password-rejected = refuses the password of { $username }
reason-panel-token-refused = refuses the token that it gave itself (or the API key)
reason-panel-not-allowed = the account may not see this: it has to be a sudo admin
reason-panel-proxy-forbids = something before the panel (a proxy, a firewall) forbids the request
reason-panel-path-unknown = answers, but not as a panel does: is the address right?
reason-panel-not-found = there is no such thing there: { $detail }
reason-panel-rate-limited = asks us to come less often (429)
reason-panel-server-error = answers with an error of its own ({ $status })
reason-panel-says-no = the panel says: { $detail }
reason-panel-odd-status = answers with status { $status }
reason-panel-not-json = answers with a page instead of data
reason-panel-not-a-panel = takes the login and gives no token: is the address that of a panel?
reason-panel-odd-answer = its answer cannot be understood (at { $field })

reason-panel-login-rejected = the panel refuses the configured password
reason-panel-login-unauthorized = the panel does not accept its own token
reason-panel-login-forbidden = the configured account is not a sudo admin: nodes cannot be seen
reason-panel-core-down = xray on the panel's own server does not run
reason-panel-core-restarts =
    xray on the panel's own server has restarted { $restarts ->
        [one] once
       *[other] { $restarts } times
    } in the last hour without a word from the panel, says its log
reason-panel-node-restarts =
    xray on { $node } has restarted { $restarts ->
        [one] once
       *[other] { $restarts } times
    } in the last hour while the panel calls it connected, says its log
reason-panel-recorder-stuck = traffic is not counted any more although users are online
reason-panel-node-error =
    { $node } is down: { $failure ->
        [refused] its node service refuses connections
        [timeout] it does not answer the panel in time
        [tls] no secure connection to it comes about
        [xray-start-failed] xray cannot start there
        [session-stolen] another panel uses the same node
        [grpc-api] xray's API there does not answer
       *[unknown] the panel does not say why
    }
reason-panel-node-error-says = { $node } is down: { $message }
reason-panel-node-stuck = { $node } has been connecting for more than a minute
reason-panel-node-flapping = { $node } comes and goes
reason-panel-node-limited = { $node } has used up its traffic allowance
reason-panel-certificate =
    the certificate of { $host } ends in { $days ->
        [0] less than a day
        [one] { $days } day
       *[other] { $days } days
    }
reason-panel-affects-users =
    { $users ->
        [one] { $users } user was on it
       *[other] { $users } users were on it
    }
reason-panel-affects-share = it has carried { $percent } % of the panel's traffic today
reason-panel-certificate-over = the certificate of { $host } has expired
reason-panel-pick-down = the shop bot gives new users to { $node } of panel { $panel }, which is down: without traffic it looks the least loaded
reason-panel-share =
    { $node } carries { $percent } % of today's traffic, of { $nodes ->
        [one] { $nodes } node
       *[other] { $nodes } nodes
    }

reason-panel-over-unreachable =
    the panel answers again, after { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
reason-panel-over-login = the login works again
reason-panel-over-blind = the nodes can be seen again
reason-panel-over-core =
    xray runs again, after { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
reason-panel-over-restarts = xray has not restarted for an hour
reason-panel-over-recorder = traffic is counted again
reason-panel-over-node =
    { $node } is connected again, after { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
reason-panel-over-node-gone = { $node } was deleted from the panel
reason-panel-over-node-disabled = { $node } was switched off in the panel
reason-panel-over-certificate = the certificate was renewed
reason-panel-over-pick = the shop bot's choice is up
reason-panel-over-share = its share is usual again

reason-panel-advice-all-down = look at the panel's container and its machine: while the panel is down, all its users are
reason-panel-advice-users-down =
    look at the panel's container and its machine: while the panel is down, all its users are ({ $users ->
        [one] { $users } was online last
       *[other] { $users } were online last
    })
reason-panel-advice-blind = its users may well be fine: only we cannot see it
reason-panel-advice-rejected = configure the right password; until then no login is tried, since the panel posts each failed one to its owner's chat
reason-panel-advice-unauthorized = check that one panel alone answers at this address; with an API key, make a new one
reason-panel-advice-forbidden = give the account sudo rights, or configure one that has them
reason-panel-advice-core = look at the panel's log: its configuration or a port in use keeps xray from starting
reason-panel-advice-recorder = restart the panel's container: limits and expiry are not kept until it counts again
reason-panel-advice-node-host = the machine does not take connections at { $address } from here either: look at it, its provider, its firewall
reason-panel-advice-container = the node itself answers at its port: only a restart of the panel's container is known to help
reason-panel-advice-stuck = if it stays so, look at the node's log; a reconnect does nothing while it connects
reason-panel-advice-flapping = look at the line between panel and node, at the node's memory and its log
reason-panel-advice-restarts = each restart drops everybody on it: look at what its log says last before it ends, and at the memory of that machine
reason-panel-advice-limited = raise its allowance, or wait until it is counted anew
reason-panel-advice-failure =
    { $failure ->
        [refused] start the node service there (it should listen at { $address })
        [timeout] look at the line to { $address } and at the load of the node
        [tls] give the node the panel's certificate again, and check both clocks
        [xray-start-failed] free the port or mend the core's configuration: the node's log names it
        [session-stolen] remove the node from the other panel, or the second entry from this one
        [grpc-api] check that the API port of the node is open to the panel
       *[unknown] look at the node's log ({ $address })
    }
reason-panel-advice-certificate = renew it: clients stop trusting it on that day
reason-panel-advice-pick = { $node } is the least loaded of those that are up; put the other into excluded_node_names until it is back
reason-panel-advice-share = give more users to the others, or lower its weight

reason-panel-ask-reconnect-node =
    everybody on { $node } is dropped: { $users ->
        [one] { $users } user
       *[other] { $users } users
    }. They can connect again after some seconds
reason-panel-ask-reconnect-node-all = everybody on { $node } is dropped (the panel does not say how many) and can connect again after some seconds
reason-panel-ask-reconnect-node-idle = { $node } is not connected: nobody is dropped
reason-panel-ask-disable-node =
    { $node } is switched off, and everybody on it is dropped: { $users ->
        [one] { $users } user
       *[other] { $users } users
    }
reason-panel-ask-disable-node-all = { $node } is switched off, and everybody on it is dropped (the panel does not say how many)
reason-panel-ask-disable-node-idle = { $node } is switched off; nobody is on it
reason-panel-ask-enable = { $node } is switched on and connected
reason-panel-ask-core =
    xray restarts on the panel and on every node, and everybody is dropped ({ $users ->
        [one] { $users } user was online last
       *[other] { $users } users were online last
    }); they can connect again after some seconds
reason-panel-ask-core-all = xray restarts on the panel and on every node, and everybody is dropped; they can connect again after some seconds
reason-panel-ask-panel =
    { $service } is restarted: until the panel answers again (mostly within a minute) all its users are down (the panel counts { $users } online), and xray stops on { $nodes ->
        [one] its { $nodes } node
       *[other] its { $nodes } nodes
    }
reason-panel-ask-panel-all =
    { $service } is restarted: until the panel answers again (mostly within a minute) all its users are down, and xray stops on { $nodes ->
        [one] its { $nodes } node
       *[other] its { $nodes } nodes
    }
reason-panel-ask-user-enable = { $user } may use the VPN again
reason-panel-ask-user-disable = { $user } is cut off at once
reason-panel-ask-user-reset-traffic = the traffic of { $user } is counted from zero again
reason-panel-ask-user-extend =
    the time of { $user } ends { $days ->
        [one] { $days } day
       *[other] { $days } days
    } later (if it is over already: counted from now)

reason-panel-done-connected = { $node } is connected
reason-panel-done-disabled = { $node } is off
reason-panel-done-core =
    xray has restarted; { $nodes ->
        [one] { $nodes } node is connected
       *[other] { $nodes } nodes are connected
    }
reason-panel-done-panel =
    the panel answers again; { $nodes ->
        [one] { $nodes } node is connected
       *[other] { $nodes } nodes are connected
    }
reason-panel-no-service = no service of this host is known that the panel runs as; name it as service: of its entry under panels:
reason-panel-reconnect-tried = reconnected by the manager; the panel has accepted it
reason-panel-reconnect-refused = the manager asked for a reconnect, and the panel refused
reason-panel-reconnect-helped = the node is connected after the manager's reconnect
reason-panel-reconnect-useless = the manager's reconnect did not help within a minute
reason-panel-not-done = the panel took the order, but { $node } is still { $status }
reason-panel-not-done-connecting = the panel took the order, but { $node } does not get beyond connecting
reason-panel-not-done-core =
    the panel took the order, but { $nodes ->
        [one] { $nodes } node is not connected
       *[other] { $nodes } nodes are not connected
    }
reason-panel-node-unknown = there is no node { $node } any more
reason-panel-user-endless = { $user } has no end that could be moved
reason-panel-user-now = { $user } is { $status } now
reason-panel-user-until = { $user } is { $status }, now until { $day }
reason-panel-user-not-done = the panel took the order, but { $user } is { $status }

## supervision: restarts for what runs but ails
reason-restarting-ailing = restarting it, since it does not come back by itself
reason-restarts-useless =
    restarting does not help ({ $restarts ->
        [one] { $restarts } restart
       *[other] { $restarts } restarts
    } in { $minutes } min); left as it is, it needs a person
reason-over-memory = takes { $used } MB of memory, more than its { $limit } MB

## checks: PostgreSQL, the shop's tables (checks/)
reason-postgres-wrong-password = { $address } refuses the password of { $user }
reason-postgres-no-password = { $address } asks for a password of { $user }, and none is configured
reason-postgres-no-entry = { $address } does not let { $user } in (pg_hba.conf, or a role that may not log in)
reason-postgres-no-database = { $address } has no database { $database }
reason-postgres-no-right = could not ask { $address }: { $user } lacks a right
reason-postgres-no-tls = { $address } does not speak TLS, which its address asks for
reason-postgres-role-limit = could not ask { $address }: { $user } has as many connections as that role may have
reason-postgres-too-many-connections = { $address } has no connection left
reason-postgres-starting = { $address } is starting up, recovering or shutting down
reason-postgres-shutting-down = { $address } is shutting down
reason-postgres-too-slow = { $address } did not answer a simple question in time
reason-postgres-pooler = could not ask { $address }: a connection pooler is there; give the address of the server itself
reason-postgres-error = { $address } says: { $text } ({ $code })
reason-postgres-connections = { $used } of at most { $max } connections are taken
reason-postgres-blocked =
    { $count ->
        [one] { $count } query waits
       *[other] { $count } queries wait
    } for a lock, the longest for { $seconds } s
reason-postgres-long-query = a query has been running for { $seconds } s
reason-postgres-idle-in-transaction = a transaction has been left open, doing nothing, for { $seconds } s
reason-postgres-deadlocks =
    { $count ->
        [one] { $count } deadlock
       *[other] { $count } deadlocks
    } since the last look
reason-postgres-cache = only { $percent } % of the data was in its cache since the last look
reason-postgres-standby = the standby gets nothing from its primary
reason-postgres-archiver =
    archiving its log fails ({ $count ->
        [one] { $count } failure
       *[other] { $count } failures
    } so far): the disk will fill up
reason-postgres-slot = nobody reads the replication slot { $name }, which keeps { $gigabytes } GB on the disk
reason-postgres-slot-lost = the replication slot { $name } has lost what its reader still needs
reason-postgres-wraparound = the database { $name } is { $percent } % on its way to running out of transaction numbers: vacuum does not keep up
reason-postgres-dead-rows =
    { $percent } % of the rows of { $table } are dead ({ $dead ->
        [one] { $dead } row
       *[other] { $dead } rows
    }): vacuum does not keep up
reason-postgres-hidden =
    unknown: { $count ->
        [one] { $count } session
       *[other] { $count } sessions
    } of others cannot be seen; GRANT pg_monitor TO { $user }
reason-postgres-figure-locked = not to be had now: a table is locked
reason-postgres-figure-too-slow = not to be had: it takes too long
reason-postgres-figure-no-right = not to be had: the right to it is missing
reason-postgres-figure-not-there = this version does not have it
reason-shop-no-table = there is no table { $table }
reason-shop-no-column = the table { $table } has no column { $column }
reason-shop-no-right = { $user } may not read { $table }.{ $column }
reason-shop-other-type = { $table }.{ $column } is no moment in time ({ $type })

## supervision: what a service needs, all services at once
reason-needs-down =
    { $how ->
        [unseen] it needs { $names }, and whether that runs cannot be seen
        [mixed] it needs { $names }: down, or not to be seen
       *[down]
            { $count ->
                [one] it needs { $names }, which is down
               *[other] it needs { $names }, which are down
            }
    }
reason-need-not-started = it needs { $name }, which could not be started
cli-help-all-start = all services, each after what it depends on
cli-help-all-stop = all services, dependants first
cli-help-all-restart = all services that are not stopped, each after what it depends on
cli-help-with-dependencies = first start what it depends on
cli-help-force = also while something that it depends on is down
cli-start-what = Say which service to start, or --all.
cli-stop-what = Say which service to stop, or --all.
cli-restart-what = Say which service to restart, or --all.
cli-needs-down = Nothing was done. --with-dependencies starts what it needs first; --force does without.
cli-doing-start-all = Starting all services …
cli-doing-stop-all = Stopping all services …
cli-doing-restart-all = Restarting all services …
cli-nothing-to-start = There is nothing to start.
cli-nothing-to-stop = There is nothing to stop.
cli-nothing-to-restart = There is nothing to restart.
chat-ask-needs =
    { $how ->
        [unseen] It needs <b>{ $title }</b>, and whether that runs cannot be seen: { $state }.
       *[down] It needs <b>{ $title }</b>, which is down: { $state }.
    }
chat-ask-needed-by = Depending on it: { $titles }.
button-first-start = Start { $title } first
button-first-start-all = Start what it needs first
button-anyway-start = Start anyway
button-anyway-restart = Restart anyway

## configuration: reload (supervisor/reload.ts, cli/config-reload.ts)
reason-reload-busy = a reload is under way already
reason-reload-outdated = the configuration was looked at again meanwhile; look at what changes once more
reason-reload-service-busy = left as it is: it is being started or stopped; reload again in a moment
reason-reload-other-thing = left as it is: it now means another thing, and the old one still runs; reload with a restart, or stop it first
reason-reload-taken = the new settings hold
reason-reload-next-start = the new settings hold; command and environment from the next start on
reason-reload-restarted = restarted with the new settings
reason-reload-tried-again = it had given up, and was started with the new settings
reason-reload-added = added, is being started
reason-reload-adopted = added, was running already
reason-reload-let-go = let go: it keeps running, nobody watches it any more
reason-reload-stopped = stopped and removed
cli-reload-nothing = Nothing has changed.
cli-reload-added = + { $service }: is added and started
cli-reload-removed = - { $service }: is let go and keeps running (--stop-removed stops it)
cli-reload-now = ~ { $service }: { $keys } (at once)
cli-reload-next-start = ~ { $service }: { $keys } (from its next start on; --restart restarts it)
cli-reload-other-thing = ~ { $service }: { $keys } (another thing: only with --restart while the old one runs)
cli-reload-section-now = ~ { $key } (at once)
cli-reload-section-manager-restart = ~ { $key } (after a restart of the manager; services keep running over it)
cli-reload-question = Apply? [y/N]{" "}
cli-reload-broken = Nothing was changed: what ran before still holds.
cli-reload-not-applied = Nothing was applied. With --yes it is.
cli-reload-outcome = { $service }: { $what }
cli-reload-done = The configuration is in force.

## Telegram: all services at once, the configuration (telegram/screens/all.ts, telegram/screens/reload.ts)
button-all = All at once…
button-all-start = Start all
button-all-stop = Stop all
button-all-restart = Restart all
button-all-yes-start = Yes, start all
button-all-yes-stop = Yes, stop all
button-all-yes-restart = Yes, restart all
button-reload = Reload the configuration
button-reload-restart = Restart what runs with old settings
button-reload-stop = Stop what is not in it any more
button-reload-yes = Apply
button-reload-again = Look again
chat-and-more = … and { $count } more
chat-all = All services at once
chat-all-now = { $running } of { $total } run.
chat-all-explained = Each starts after what it depends on, and stops before it. You are asked once more.
chat-all-ask-start = Start all services?
chat-all-ask-stop = Stop all services?
chat-all-ask-restart = Restart all services?
chat-all-will-start =
    { $count ->
        [one] { $count } service will start:
       *[other] { $count } services will start, each after what it depends on:
    }
chat-all-will-stop =
    { $count ->
        [one] { $count } service will stop:
       *[other] { $count } services will stop, dependants first:
    }
chat-all-will-restart =
    { $count ->
        [one] { $count } service will be restarted:
       *[other] { $count } services will be restarted, each after what it depends on:
    }
chat-all-stopped =
    { $stopped ->
        [one] { $stopped } of them was stopped by an operator.
       *[other] { $stopped } of them were stopped by operators.
    }
chat-all-stop-then = Users cannot use them from then on. They stay down, also after a restart of the manager, until somebody starts them. The manager keeps running.
chat-all-restart-then = Users cannot use each of them until it is up again. What an operator has stopped stays down.
chat-all-none-start = There is nothing to start now.
chat-all-none-stop = There is nothing to stop now.
chat-all-none-restart = There is nothing to restart now.
chat-all-doing-start = Starting all services… { $ended } of { $total } done (asked by { $by })
chat-all-doing-stop = Stopping all services… { $ended } of { $total } done (asked by { $by })
chat-all-doing-restart = Restarting all services… { $ended } of { $total } done (asked by { $by })
chat-all-done-start =
    { $done ->
        [one] { $done } service started in { $took } (asked by { $by })
       *[other] { $done } services started in { $took } (asked by { $by })
    }
chat-all-done-stop =
    { $done ->
        [one] { $done } service stopped in { $took } (asked by { $by })
       *[other] { $done } services stopped in { $took } (asked by { $by })
    }
chat-all-done-restart =
    { $done ->
        [one] { $done } service restarted in { $took } (asked by { $by })
       *[other] { $done } services restarted in { $took } (asked by { $by })
    }
chat-all-failed = It did not work with { $failed }:
chat-reload-owners = Only owners can reload the configuration.
chat-reload-mistakes =
    { $mistakes ->
        [one] The configuration has a mistake
       *[other] The configuration has { $mistakes } mistakes
    }
chat-reload-untouched = Nothing was changed: what ran before still holds.
chat-reload-nothing = Nothing has changed in the configuration.
chat-reload-ask = Apply these changes?
chat-reload-added = <b>{ $service }</b> is added and started
chat-reload-removed = <b>{ $service }</b> is not watched any more; it keeps running unless you choose otherwise
chat-reload-now = <b>{ $service }</b>: { $keys }, at once
chat-reload-next-start = <b>{ $service }</b>: { $keys }, from its next start on
chat-reload-other-thing = <b>{ $service }</b>: { $keys }, which makes it another thing: left as it is while the old one runs, unless it is restarted
chat-reload-section-now = { $key }, at once
chat-reload-section-manager-restart = { $key }, after a restart of the manager; services keep running over it
chat-reload-doing = The configuration is being applied… (asked by { $by })
chat-reload-done = The configuration is in force.

## scheduled actions (supervisor/schedules.ts)
reason-skipped-maintenance = skipped: maintenance is on
reason-skipped-stopped = skipped: somebody has stopped it
reason-skipped-dependency = skipped: it needs { $name }, which is not well
reason-scheduled-failed =
    { $action ->
        [restart] The planned restart of { $title } ({ $cron }) was not done; it runs on as before. /audit says why.
        [stop] The planned stop of { $title } ({ $cron }) did not work: it still runs. /audit says why.
       *[other] The planned start of { $title } ({ $cron }) did not work. /audit says why.
    }

## supervision: services that somebody else looks after
reason-own-policy = its own restart policy starts it again
reason-work-done = has done its work and ended well
reason-own-policy-loops = its own restart policy keeps starting it; the manager leaves that to it
reason-left-down = its own restart policy leaves it down; it needs a person
reason-stopped-elsewhere = stopped by somebody, not by this manager; left so

## delivery: other channels, Telegram away (supervisor/delivery.ts, outbox/email.ts, outbox/webhook.ts)
incident-telegram-away = Alerts do not get through to Telegram
incident-telegram-away-still = Alerts still do not get through to Telegram, for { $for }
incident-telegram-away-over = Alerts get through to Telegram again after { $for }
chat-alert-telegram-away = alerts do not reach Telegram
cli-what-telegram-away = no Telegram
incident-manager-away = The manager was stopped. Services keep running; nobody watches them until it is back
incident-manager-away-still = The manager is still stopped, for { $for }
incident-manager-away-over = The manager runs again after { $for }
incident-restarted = The manager was restarted; nobody watched for { $for }
chat-alert-manager-away = stopped
cli-what-manager-away = stopped
reason-manager-stopped = on purpose ({ $why })
reason-manager-rebooted = the host was restarted
reason-telegram-away =
    nothing has got through for { $minutes } min, { $waiting ->
        [one] { $waiting } notice waits
       *[other] { $waiting } notices wait
    }; until it does, everything comes here
reason-telegram-away-alone =
    nothing has got through for { $minutes } min, { $waiting ->
        [one] { $waiting } notice waits
       *[other] { $waiting } notices wait
    }; there is no e-mail or webhook to use instead
reason-telegram-was-away =
    Telegram was away for { $minutes } min, { $delayed ->
        [0] nothing was delayed.
        [one] { $delayed } notice was delayed.
       *[other] { $delayed } notices were delayed.
    }
reason-chat-unreachable = The chat { $chat } cannot be written to; its alerts wait until somebody there writes to this bot.
reason-channel-off = this channel is not configured any more
reason-email-login = the mail server refuses the login
reason-email-no-answer = the mail server does not answer ({ $detail })
reason-email-refused = the mail server refuses ({ $detail })
reason-webhook-no-answer = the webhook does not answer ({ $detail })
reason-webhook-refused = the webhook answers { $status }
chat-alerts-dead =
    { $dead ->
        [one] { $dead } notice was refused for good in the last week
       *[other] { $dead } notices were refused for good in the last week
    }
chat-alerts-dropped =
    { $dropped ->
        [one] { $dropped } notice was dropped: too much waited
       *[other] { $dropped } notices were dropped: too much waited
    }
cli-dead =
    { $dead ->
        [one] { $dead } notice was refused for good in the last week
       *[other] { $dead } notices were refused for good in the last week
    }
cli-dropped =
    { $dropped ->
        [one] { $dropped } notice was dropped: too much waited
       *[other] { $dropped } notices were dropped: too much waited
    }

## watching the watcher (core/life.ts)
reason-manager-started = The manager runs again. It was away for { $length } { $unit ->
        [s] s
        [min] min
        [h] h
       *[d] d
    }: { $cause ->
        [stopped] it was stopped in order. Services kept running.
        [rebooted] the host was restarted, and services with it.
        [poller] it did not hear Telegram any more and started itself anew. Services kept running.
       *[killed] it was killed, or it crashed. Services kept running.
    } What happened meanwhile is told on its own.
reason-token-refused = Telegram refuses MANAGER_BOT_TOKEN (401): it is mistyped or was revoked. @BotFather shows the right one under /mybots → API Token. Services were left as they are.

## panels: their incidents (core/incident.ts, telegram/screens/alert.ts)
incident-panel = { $title }: trouble
incident-panel-still = { $title }: still trouble, for { $for }
incident-panel-over = { $title }: well again after { $for }
chat-alert-panel = trouble
cli-what-panel = trouble
alert-whom = Who is affected: { $whom }
alert-advice = What to do: { $advice }
button-panel = Panel
reason-panels-none = no panel is known: neither the shop's table, nor its environment, nor the configuration names one
reason-panels-trouble = trouble with { $names }
reason-panels-not-yet = the panels have not been asked yet

## panels: on the command line (cli/panels.ts)
cli-help-marzban = the VPN panels
cli-help-marzban-list = show every panel: state, users, nodes
cli-help-marzban-check = ask one panel everything now
cli-help-panel = id of a panel, as marzban list shows it
cli-panels-none = No panel is known. Set DATABASE_URL (the shop's table), MARZBAN_BASE_URL, MARZBAN_USERNAME and MARZBAN_PASSWORD, or panels: in the configuration.
cli-panel-inactive = off
cli-column-panel = PANEL
cli-column-users = USERS
cli-column-online = ONLINE
cli-column-nodes = NODES UP
cli-column-node = NODE
cli-column-address = ADDRESS
node-state =
    { $state ->
        [up] up
        [down] down
        [connecting] connecting
        [disabled] off
        [limited] limited
       *[unknown] unknown
    }
panel-online =
    { $window ->
        [now] { $users } online now
        [minutes] { $users } online (last minutes)
        [day] { $users } online within 24 h
       *[unknown] { $users } online
    }
reason-control-unknown-panel = there is no panel { $panel }; see orbit marzban list
cli-panel-users = Users: { $total }, { $online }

## panels: pictures (charts/panel-bars.ts, charts/panel-pictures.ts, telegram/screens/panel-chart.ts)
panel-plot-users = Users
panel-plot-traffic = Traffic
panel-plot-by-node = Traffic by node
panel-plot-nodes = Nodes
panel-plot-host = Host
panel-plot-balance = Balance
panel-plot-days = Availability
panel-plot-uptime = Uptime
panel-plot-online =
    { $hours ->
        [0] Online within { $minutes } min
       *[other] Online within { $hours } h
    }
panel-bars-online = Users online
panel-bars-assumed = Users (≈)
panel-bars-day = Traffic today
panel-bars-month = In 30 days
panel-bars-score = Score: bot / ours
panel-bars-bot = ◂ bot's pick
panel-bars-ours = ◂ better
panel-bars-both = ◂ bot's pick
panel-bars-excluded = excluded
panel-bars-no-pick = the shop bot's choice is not known yet
panel-bars-pick = lowest score wins: new users go to { $node }
panel-bars-pick-better = lowest score wins: new users go to { $node }; better { $better }
panel-bars-days =
    { $days ->
        [one] Today
       *[other] { $days } days
    }
panel-bars-watched = of the time it was watched; on the right how long it was not up in 30 days
reason-panel-plot-no-nodes = this panel has no nodes
metric-up = Up (1) or not (0)
metric-users-total = Users
metric-users-active = Active
metric-users-on-hold = On hold
metric-users-disabled = Disabled
metric-users-expired = Expired
metric-users-limited = Out of traffic
metric-traffic-up = Uploaded
metric-traffic-down = Downloaded
metric-traffic-today-up = Uploaded today
metric-traffic-today-down = Downloaded today
metric-rate-up = Upload
metric-rate-down = Download
metric-core-running = Core runs
metric-core-stops-last-hour = Core stops in the last hour
metric-nodes-total = Nodes
metric-nodes-up = Nodes up
metric-nodes-down = Nodes down
metric-certificate-days = Certificate, days left
metric-available-today = Available today

## Who uses the machine

button-top = Who uses the machine?
chat-top = Who uses the machine
chat-top-measuring = Measuring for a second…
# Of no service: of something that the manager does not supervise
chat-top-line =
    { $service ->
        [none] <code>{ $pid }</code> <b>{ $name }</b>: CPU { $cpu }, { $memory } ({ $share })
       *[other] <code>{ $pid }</code> <b>{ $name }</b>: CPU { $cpu }, { $memory } ({ $share }) · { $service }
    }
top-cpu =
    { $cores ->
        [one] By CPU, % of one core (there is { $cores }):
       *[other] By CPU, % of one core (there are { $cores }):
    }
top-memory = By memory:
top-measured = Measured: { $measured } of { $processes } processes
cli-help-top = show which processes use the machine, supervised or not
cli-column-name = NAME
cli-column-cpu = CPU
cli-column-memory = MEMORY
cli-column-share = OF HOST
reason-top-nothing = /proc shows no process that could be measured

## Redis and the shop: on the command line (cli/cache.ts, cli/shop.ts, cli/store-protocol.ts)
cli-help-cache = Redis: what is in it, and clearing it by pattern
cli-help-cache-stats = show memory, keys, hit rate and key patterns
cli-help-cache-clear = count the keys of a pattern, ask, and remove them
cli-help-redis = service whose Redis is meant, where there are several
cli-help-pattern = pattern of keys, such as "user:*:balance" (in quotes)
cli-help-count = the number of keys, for a pattern that covers more than half of them
cli-help-users = the shop's users
cli-help-users-stats = show users, subscriptions, payments and revenue
cli-cache-count-wrong = A number of keys is needed.
cli-cache-server = Redis
cli-cache-version = { $version }, up { $for }
cli-cache-latency = Latency
cli-cache-memory = Memory
cli-cache-keys = Keys
cli-cache-hit-rate = Hit rate
cli-cache-clients = Clients
cli-cache-missing = Not everything may be asked; grant { $rights }
cli-cache-sample = Others: { $rest }. { $sampled } of { $total } keys were looked at.
cli-column-pattern = PATTERN
cli-column-keys = KEYS
cli-column-each = EACH
cli-column-life = TO LIVE
cli-cache-counting = Counting … { $done } of { $of } keys looked at
cli-cache-nothing = { $title }: no key matches { $pattern }.
cli-cache-covers = { $title }: { $pattern } covers { $matching } of { $total } keys ({ $share }). For example:
cli-cache-most = That is more than half of the cache: to remove it, add --count { $count }.
cli-cache-question =
    Remove { $matching ->
        [one] { $matching } key
       *[other] { $matching } keys
    }? [y/N]{" "}
cli-cache-not-cleared = Nothing was removed. With --yes it is.
cli-cache-clearing = Removing … { $done } of { $of }
cli-cache-stopping = Stopping after this batch …
cli-cache-cleared =
    { $removed ->
        [one] { $removed } key was removed in { $took }.
       *[other] { $removed } keys were removed in { $took }.
    }
cli-cache-stopped =
    { $removed ->
        [one] Stopped: { $removed } key was removed in { $took }.
       *[other] Stopped: { $removed } keys were removed in { $took }.
    }
cli-cache-failed =
    { $removed ->
        [0] Nothing was removed: { $why }
        [one] { $removed } key was removed, then: { $why }
       *[other] { $removed } keys were removed, then: { $why }
    }
reason-cache-none = no check asks a Redis; add one to a service: checks: [{"{"} type: redis, url: "redis://127.0.0.1:6379/0" {"}"}]
reason-cache-which = there are several Redis; say which with --redis: { $names }
reason-cache-no-such = there is no Redis { $store }; there is { $names }
cli-shop-users = Users
cli-shop-new = New today
cli-shop-subscriptions = Subscriptions
cli-shop-groups = { $active } active, { $ended } ended, { $never } never had one
cli-shop-configs = Configs
cli-shop-servers = Configs by server
cli-shop-today = Revenue today
cli-shop-month = Revenue this month
cli-shop-last = Last payment
cli-shop-stuck = Stuck payments
cli-shop-payments = Payments
cli-shop-day = A day begins at midnight in { $timezone }; a payment is stuck when it is pending for over an hour.
shop-sum =
    { NUMBER($amount, maximumFractionDigits: 2) } { $currency } ({ $payments ->
        [one] { $payments } payment
       *[other] { $payments } payments
    })

## Redis, PostgreSQL and the shop: in the chat (telegram/screens/stores.ts, redis.ts, database*.ts, shop.ts, cache-actions.ts)
command-cache = Redis: memory, keys, clearing
command-db = PostgreSQL: connections, queries, tables
command-users = The shop: users, subscriptions, revenue
button-redis = Redis
button-database = PostgreSQL
button-shop = Users
button-redis-overview = Overview
button-redis-keys = Keys
button-redis-slow = Slow commands
button-db-overview = Overview
button-db-sessions = Connections
button-db-queries = Queries
button-db-tables = Tables
button-db-wal = WAL, replicas
button-db-statements = Top statements
button-clear = Clear…
button-clear-again = Clear more…
button-clear-stop = Stop
button-clear-type = Type the number…
button-clear-yes = Yes, remove { $matching }
button-pattern = { $pattern } · { $sign }{ $keys }
chat-stores-redis = Redis
chat-stores-db = PostgreSQL
chat-stores-choose = Which one?
chat-stores-none-redis = No check asks a Redis. Add one to its service in services.yaml, then reload the configuration (<code>orbit config reload</code>):
chat-stores-none-db = No check asks a PostgreSQL. Add one to its service in services.yaml, then reload the configuration (<code>orbit config reload</code>):
chat-stores-example-redis = checks: [{"{"} type: redis, url: "redis://127.0.0.1:6379/0" {"}"}]
chat-stores-example-db = checks: [{"{"} type: postgres, url: "${"{"}DATABASE_URL{"}"}" {"}"}]

chat-redis-server = Redis { $version }, up { $for }
chat-redis-latency = <b>Latency:</b> { $now } (median { $median })
chat-redis-memory =
    { $of ->
        [limit] <b>Memory:</b> { $used } of { $limit } ({ $share } of maxmemory)
        [machine] <b>Memory:</b> { $used }, no maxmemory ({ $share } of the machine's { $limit })
       *[nothing] <b>Memory:</b> { $used }, no maxmemory
    }
chat-redis-memory-more = · peak { $peak }, resident { $rss }, fragmentation { $ratio }, { $policy }
chat-redis-keys = <b>Keys:</b> { $keys }
chat-redis-keys-expire = <b>Keys:</b> { $keys } ({ $expire } expire)
chat-redis-hits = <b>Hit rate:</b> { $share } of { $lookups } look-ups in { $for }
chat-redis-hits-few = <b>Hit rate:</b> too few look-ups to tell yet
chat-redis-clients = <b>Clients:</b> { $clients } of { $max }, { $blocked } blocked
chat-redis-ops = <b>Now:</b> { $ops } ops/s, ↓ { $in }, ↑ { $out }, CPU { $cpu }
chat-redis-deltas = <b>In the last { $for }:</b> { $evicted } evicted, { $expired } expired, { $rejected } turned away
chat-redis-deltas-none = <b>Evictions and rejections:</b> known after two rounds of the check
chat-redis-errors = <b>Errors given:</b> { $errors }
chat-redis-rdb =
    { $when ->
        [off] <b>Snapshots:</b> off (no save rule)
        [on] <b>Snapshot:</b> { $ok }, { $for } ago, { $changes ->
            [one] { $changes } change
           *[other] { $changes } changes
        } since
       *[unknown] <b>Snapshot:</b> { $ok }
    }
chat-redis-aof =
    { $on ->
        [on] <b>Journal (AOF):</b> on, write { $write }, rewrite { $rewrite }
       *[off] <b>Journal (AOF):</b> off
    }
chat-redis-primary =
    { $replicas ->
        [0] <b>Replication:</b> primary, no replica
        [one] <b>Replication:</b> primary of { $replicas } replica
       *[other] <b>Replication:</b> primary of { $replicas } replicas
    }
chat-redis-replica-line = · { $address } { $state }, { $behind } behind
chat-redis-replica =
    { $link ->
        [up] <b>Replication:</b> replica, heard its primary { $for } ago, { $behind } behind
       *[other] <b>Replication:</b> replica, no link to its primary
    }
chat-redis-restarts =
    { $restarts ->
        [0] <b>Restarts seen:</b> none
       *[other] <b>Restarts seen:</b> { $restarts }, last at { $last }
    }
chat-redis-slow =
    { $commands ->
        [0] <b>Slow commands</b> (over { $over }): none
       *[other] <b>Slow commands</b> (over { $over }): { $commands }, of the newest the slowest took { $worst }
    }
chat-redis-slow-unknown = <b>Slow commands:</b> unknown
chat-redis-slow-cut = Keys are shown as patterns, values not at all.
chat-redis-event = Event { $name }: { $latest } at { $when }, at worst { $worst }
chat-redis-patterns =
    { $all ->
        [all] <b>Key patterns</b> (all { $sampled } keys seen
       *[some] <b>Key patterns</b> (≈, { $sampled } of { $total } keys looked at
    }{ $age ->
        [none] {""}
       *[known] , { $age } ago
    }):
chat-redis-pattern-keys = { $sign }{ $keys }
chat-redis-pattern-size = { $size } each
chat-redis-pattern-life = { $for } to live
chat-redis-others = others { $sign }{ $keys }
chat-redis-missing = Not everything may be asked; grant { $rights }

chat-cache-what =
    What shall be cleared in <b>{ $title }</b>? { $offered ->
        [0] Send a pattern like <code>user:*:balance</code>.
       *[other] Tap a pattern, or send one like <code>user:*:balance</code>.
    } First I only count.
chat-cache-left = Nothing was removed.
chat-cache-counting = { $title }: counting <code>{ $pattern }</code>… { $done } of { $of } keys looked at
chat-cache-not-counted = { $title }: <code>{ $pattern }</code> was not counted to the end. Nothing was removed.
chat-cache-nothing = { $title }: no key matches <code>{ $pattern }</code>. Nothing was removed.
chat-cache-ask =
    Remove { $matching ->
        [one] { $matching } key
       *[other] { $matching } keys
    } from { $title }?
chat-cache-covers = <code>{ $pattern }</code>: { $share } of all { $total } keys. For example:
chat-cache-most = This is more than half of the cache: you have to type the number.
chat-cache-type =
    Send the number of keys ({ $matching }) to remove <code>{ $pattern }</code> from <b>{ $title }</b>. The shop will read all of it from its database again.
chat-cache-clearing = { $title }: removing <code>{ $pattern }</code>… { $done } of { $of }
chat-cache-stopping = It stops after this batch.
chat-cache-over = It is over already.
chat-cache-cleared =
    { $title }: { $removed ->
        [one] { $removed } key
       *[other] { $removed } keys
    } of <code>{ $pattern }</code> removed in { $took } (asked by { $by }).
chat-cache-stopped =
    { $title }: stopped. { $removed ->
        [one] { $removed } key
       *[other] { $removed } keys
    } of about { $matching } of <code>{ $pattern }</code> removed in { $took } (asked by { $by }).
chat-cache-failed =
    { $title }: { $why }. { $removed ->
        [0] Nothing was removed.
        [one] { $removed } key of <code>{ $pattern }</code> was removed before that.
       *[other] { $removed } keys of <code>{ $pattern }</code> were removed before that.
    }

chat-db-server =
    PostgreSQL { $version }, up { $for }, { $role ->
        [standby] standby
       *[primary] primary
    }
chat-db-latency = <b>Round trip (SELECT 1):</b> { $now } (median { $median })
chat-db-size = <b>Size:</b> { $size }
chat-db-connections = <b>Connections:</b> { $used } of { $max } ({ $share })
chat-db-states = <b>Sessions:</b> active { $active }, idle { $idle }, idle in transaction { $open }, waiting for a lock { $waiting }
chat-db-longest = <b>Longest:</b> query { $query }, transaction { $transaction }, idle in transaction { $open }; slow now: { $slow }
chat-db-unseen = <b>Sessions:</b> what they do is unknown, <code>GRANT pg_monitor TO { $user }</code>
chat-db-cache = <b>Found in cache:</b> { $share } in the last { $for } ({ $blocks } blocks read)
chat-db-work = <b>Transactions:</b> { $transactions }, rolled back { $rollbacks }; rows read { $read }, written { $written }
chat-db-deltas = <b>Meanwhile:</b> { $deadlocks } deadlocks, { $conflicts } conflicts, { $files } temporary files ({ $size })
chat-db-deltas-none = <b>Cache, transactions, deadlocks:</b> known after two rounds of the check
chat-db-wraparound = <b>Transaction numbers used up:</b> { $share } ({ $name })
chat-db-restarts =
    { $restarts ->
        [0] <b>Restarts seen:</b> none
       *[other] <b>Restarts seen:</b> { $restarts }, last at { $last }
    }
chat-db-nobody = Nobody else is connected.
chat-db-by-application = <b>By program:</b>
chat-db-application =
    { $sessions } × <b>{ $name }</b>, { $user } { $from ->
        [socket] over the socket
       *[address] from { $from }
    }, { $state ->
        [hidden] state unknown
       *[known] { $state }
    }
chat-db-blocked =
    { $count ->
        [0] <b>Blocked:</b> nobody waits for a lock
       *[other] <b>Blocked:</b> { $count }
    }
chat-db-blocked-line = ⏳ { $pid } { $user } waits for { $for }:
chat-db-blocking-line =
    ↳ held by { $pid } { $user } ({ $name }), { $state ->
        [hidden] state unknown
       *[known] { $state }
    }, transaction { $for }:
chat-db-running =
    { $count ->
        [0] <b>Running:</b> nothing
       *[other] <b>Running</b>, longest transaction first:
    }
chat-db-running-line =
    { $pid } { $user } ({ $name }), { $state ->
        [hidden] state unknown
       *[known] { $state }
    }, query { $query }, transaction { $transaction }{ $waits ->
        [none] {""}
       *[some] , waits for { $waits }
    }
chat-db-texts = Texts inside queries are left out.
chat-db-statements = <b>Statements</b>, most time first (since the statistics were reset):
chat-db-statements-hidden = ⚪ Those of other roles are unreadable: <code>GRANT pg_monitor TO { $user }</code>
chat-db-statements-none = pg_stat_statements is not installed in this database: <code>CREATE EXTENSION pg_stat_statements</code> (and shared_preload_libraries) would show which statements take the time.
chat-db-statement =
    { $total } in { $calls ->
        [one] { $calls } call
       *[other] { $calls } calls
    }, { $mean } each, at most { $max }
chat-db-missing = ⚪ { $why }
chat-db-tables = <b>Tables</b>, largest first:
chat-db-tables-none = There is no table, or none that may be seen.
chat-db-table =
    <b>{ $name }</b> { $size }{ $indexes ->
        [none] {""}
       *[known] {" "}(indexes { $indexes })
    }, { $live } rows, { $dead } dead ({ $share }), { $vacuum ->
        [none] never vacuumed
       *[known] vacuumed { $vacuum } ago
    }
chat-db-sizes-about = <b>Exact sizes:</b> { $why }; ≈ is what the server believes.
chat-db-sizes-old = <b>Exact sizes:</b> { $why }; these are { $for } old.
chat-db-vacuum = 🧹 { $table }: { $phase }, { $share }
chat-db-unused =
    { $count ->
        [one] { $count } index was never used:
       *[other] { $count } indexes were never used:
    }
chat-db-replicas =
    { $replicas ->
        [0] <b>Replication:</b> no replica
        [one] <b>Replication:</b> { $replicas } replica
       *[other] <b>Replication:</b> { $replicas } replicas
    }
chat-db-replica =
    · { $name } ({ $from }): { $state }, { $sync }, { $behind } behind, { $for }
chat-db-standby = <b>Standby:</b> { $status }, { $for } behind
chat-db-slots =
    { $slots ->
        [0] <b>Replication slots:</b> none
       *[other] <b>Replication slots:</b> { $slots }
    }
chat-db-slot =
    · { $name }: { $active ->
        [yes] read
       *[no] read by nobody
    }{ $status ->
        [none] {""}
       *[known] , { $status }
    }, keeps { $kept }
chat-db-archiver =
    <b>Archiver:</b> { $archived } archived{ $last ->
        [none] {""}
       *[known] , last { $last } ago
    }, { $failed } failed{ $lastFailed ->
        [none] {""}
       *[known] , last { $lastFailed } ago
    }
chat-db-checkpoints = <b>Checkpoints:</b> { $timed } by time, { $requested } on request (many of these: max_wal_size is small)
chat-db-wraparound-more = <b>Transaction numbers used up:</b> { $share } ({ $name }; age { $age }, vacuum freezes from { $freeze } on)

chat-shop = Users and sales
chat-shop-users = <b>Users:</b> { $users }
chat-shop-new = <b>New today:</b> { $users }
chat-shop-subscriptions = <b>Subscriptions:</b> { $active } active, { $ended } ended, { $never } never had one
chat-shop-configs = <b>Configs:</b> { $configs }
chat-shop-server = · { $server }: { $configs }
chat-shop-today = <b>Revenue today:</b> { $sums }
chat-shop-month = <b>This month:</b> { $sums }
chat-shop-nothing = nothing yet
chat-shop-last =
    { $at ->
        [none] <b>Last payment:</b> never
       *[known] <b>Last payment:</b> { $at }
    }
chat-shop-stuck =
    { $count ->
        [0] <b>Stuck payments</b> (pending for over an hour): none
       *[other] <b>Stuck payments</b> (pending for over an hour): { $count }, the oldest for { $for }
    }
chat-shop-payments = <b>Payments</b> of all time:
chat-shop-payments-none = <b>Payments:</b> none
chat-shop-payment = · { $status }: { $count } ({ $methods })
chat-shop-day = A day begins at midnight in { $timezone }.
chat-shop-missing = { $name }: { $why }
chat-shop-name-users = Users
chat-shop-name-new = New today
chat-shop-name-subscriptions = Subscriptions
chat-shop-name-configs = Configs
chat-shop-name-servers = Configs by server
chat-shop-name-today = Revenue today
chat-shop-name-month = Revenue this month
chat-shop-name-last = Last payment
chat-shop-name-stuck = Stuck payments
chat-shop-name-payments = Payments

## panels: in the chat (telegram/screens/panels.ts, panel-actions.ts)
panel-table-unread = The shop's table of panels could not be read: { $why }. The panels known before are kept.
command-marzban = VPN panels, nodes and users
chat-panel-action =
    { $action ->
        [reconnect-node] Reconnect the node
        [enable-node] Switch the node on
        [disable-node] Switch the node off
        [restart-core] Restart the core
        [restart-panel] Restart the panel
        [user-enable] Enable the user
        [user-disable] Disable the user
        [user-reset-traffic] Reset the traffic
       *[user-extend] Extend
    }
chat-panels = VPN panels
chat-panels-none = No panel is known. Set DATABASE_URL (the shop's table marzban_instances), or MARZBAN_BASE_URL, MARZBAN_USERNAME and MARZBAN_PASSWORD, or add one under panels: of a service in services.yaml; then restart the manager.
chat-panels-pick = The shop bot gives new users to { $node }
chat-panels-better = Least loaded of those that are up: { $node }
chat-panel-inactive = switched off in the shop
chat-panel-nodes = { $total ->
        [one] { $up } of { $total } node up
       *[other] { $up } of { $total } nodes up
    }
chat-panel-users = { $users ->
        [one] { $users } user
       *[other] { $users } users
    }
chat-panel-version = Version { $version }
chat-panel-of-users = Of them { $users }
chat-panel-user-count =
    { $count } { $status ->
        [active] active
        [onHold] on hold
        [limited] out of traffic
        [expired] expired
       *[disabled] disabled
    }
chat-panel-latency = answers in { $latency }
chat-panel-host = Its host: { $load }
chat-panel-cpu = CPU { $cpu }
chat-panel-memory = memory { $memory }
chat-panel-certificate =
    Certificate of { $host }: { $days ->
        [one] { $days } day left
       *[other] { $days } days left
    }
chat-core-restarts =
    xray restarted { $restarts ->
        [one] once
       *[other] { $restarts } times
    } in the last hour, says its log
chat-panel-core-log = Logs of xray that are followed: { $followed } of { $wanted } ({ $why })
chat-panel-rate = Now: ↑ { $up }/s, ↓ { $down }/s
chat-panel-reconnects = Nodes in error are reconnected by the manager
chat-reconnects-on = From now on the manager reconnects nodes of this panel that are in error, at most once in 5 minutes each
chat-reconnects-off = The manager leaves the nodes of this panel alone
chat-panel-owners-only = Only owners decide what the manager does by itself.
chat-panel-page = Page { $page } of { $pages }
chat-panel-gone = This panel is not there any more, or it is not asked.
chat-panel-ask = { $action }? ({ $name })
chat-panel-owner = Only { $by } can confirm it, within a minute.
chat-panel-sent = { $action } ({ $name }): being sent, by { $by }
chat-panel-accepted = { $action } ({ $name }): the panel has accepted it; being checked whether it is done
chat-panel-done = { $action } ({ $name }): done, { $took }, by { $by }
chat-panel-failed = { $action } ({ $name }): not done, { $took }, by { $by }
chat-node-since = { $state } for { $for } · { $address }
chat-node-day = { $traffic } today
chat-node-today = Today: { $traffic }
chat-node-available = Available today: { $share }
chat-node-core = Core { $version }
chat-node-excluded = not chosen by the shop (excluded_node_names)
chat-user-ask = Whom do you look for? Send a user name, or a part of it.
chat-user-left = The search was left.
chat-user-none = There is no user { $name }.
chat-user-several = Several users have { $name } in their name:
chat-user-unasked = The panel could not be asked: { $why }
chat-user-status = Status: { $status }
chat-user-expires = Expires: { $at }
chat-user-traffic = Traffic: { $used } of { $limit }
chat-user-online = Last online: { $at }
chat-user-never = never
chat-user-endless = unlimited
button-charts = Charts
button-panels = Panels
button-find-user = Find a user
button-restart-core = Restart the core
button-reconnect-node = Reconnect
button-enable-node = Switch on
button-disable-node = Switch off
button-restart-panel = Restart the panel
button-reconnects-on = Reconnect nodes by itself
button-reconnects-off = Stop reconnecting by itself
button-panel-yes = Yes, do it
button-user-enable = Enable
button-user-disable = Disable
button-user-reset-traffic = Reset traffic
button-user-extend-7 = +7 days
button-user-extend-30 = +30 days
button-user-extend-90 = +90 days

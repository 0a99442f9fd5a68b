### Русский. Разделы идут в том же порядке, что в en.ftl; тест следит за одинаковыми ключами и переменными.

## Длительность и числа (telegram/say.ts)
say-ms = { $n } мс
say-s = { $n } с
say-min = { $n } мин
say-h = { $n } ч
say-d = { $n } д
say-percent = { $n } %
say-bytes = { $n } { $unit ->
        [B] Б
        [KB] КБ
        [MB] МБ
        [GB] ГБ
        [TB] ТБ
       *[PB] ПБ
    }
say-count = { $n }
say-per-s = { $what }/с

## Конфигурация: по строке на ошибку, после `файл:строка:столбец ключ: `

config-found =
    { $shape ->
        [nothing] пусто
        [list] список
        [map] набор ключей
        [variable] значение { $found }
        [variable-empty] пустая { $found }
        [hidden] значение, которое здесь не показывается
       *[value] { $found }
    }

reason-config-unreadable =
    { $problem ->
        [ENOENT] найдено: такого файла нет; допустимо: существующий файл (все ключи объясняет config/services.example.yaml)
        [EACCES] найдено: файл, который менеджеру нельзя читать; допустимо: файл, доступный его пользователю
        [EISDIR] найдено: папка; допустимо: файл
       *[other] файл не читается ({ $problem })
    }
reason-config-yaml-duplicate = найдено: ключ, который здесь уже есть; допустимо: каждый ключ один раз
reason-config-yaml-tab = найдено: табуляция в отступе; допустимо: только пробелы
reason-config-yaml-indent = найдено: текст не подходит к отступам вокруг либо скобка не закрыта; допустимо: одинаковый отступ у ключей одного уровня, по одному «ключ: значение» в строке, кавычки вокруг текста, в котором есть «: »
reason-config-yaml-quote = найдено: знак, который YAML здесь не понимает; допустимо: кавычки вокруг текста, который начинается с @ ` % * & или скобки либо продолжается после кавычки
reason-config-yaml-alias = найдено: имя с *, которое не объявлено раньше через &; допустимо: кавычки вокруг текста, который начинается с *
reason-config-yaml-aliases = найдено: псевдонимы разворачиваются в слишком многое; допустимо: не больше ста копий
reason-config-yaml-unclosed = найдено: строка или файл кончились внутри кавычек или скобок, либо ключ без «:»; допустимо: закрытые кавычки и скобки, «:» после каждого ключа
reason-config-yaml-escape = найдено: обратная косая черта в двойных кавычках, которую YAML не понимает; допустимо: одинарные кавычки или две косые черты вместо одной
reason-config-yaml-documents = найдено: второй документ (строка «---»); допустимо: один
reason-config-yaml-tag = найдено: метка (слово, которое начинается с !), которой здесь нет; допустимо: кавычки вокруг текста, который начинается с !
reason-config-yaml-other = найдено: это не YAML ({ $code }); допустимо: YAML 1.2
reason-config-variable-form = найдено: «${"{"}» без имени переменной; допустимо: ${"{"}NAME{"}"}, ${"{"}NAME:-значение{"}"} или $${"{"}, если нужны сами эти два знака
reason-config-variable-unset = найдено: переменная ${"{"}{ $name }{"}"} не задана; допустимо: переменная окружения или файла .env либо значение по умолчанию: ${"{"}{ $name }:-…{"}"}

reason-config-unknown-key = найдено: неизвестный ключ; допустимо: { $options }
reason-config-unknown-key-near = найдено: неизвестный ключ, может быть, { $nearest }? допустимо: { $options }
reason-config-key-of-driver = найдено: ключ другого драйвера; допустимо с driver { $drivers }, а не с { $driver }
reason-config-map = найдено: { config-found }; допустимо: ключи со значениями под этим ключом
reason-config-list = найдено: { config-found }; допустимо: список
reason-config-duration = найдено: { config-found }; допустимо: время вида 500ms, 10s, 5m, 1h, 7d или число секунд; не больше 24d
reason-config-interval = найдено: { config-found }; допустимо: время вида 10s, 5m, 1h или число секунд; не меньше 1s и не больше 24d
reason-config-deadline = найдено: { config-found }; допустимо: время больше 0 вида 500ms, 10s или число секунд
reason-config-size = найдено: { config-found }; допустимо: размер вида 512mb, 2gb или число байтов; больше 0
reason-config-percentage = найдено: { config-found }; допустимо: доля от 0% до 100%
reason-config-rate = найдено: { config-found }; допустимо: столько-то за столько-то, например 5/1m
reason-config-integer = найдено: { config-found }; допустимо: целое число от { $min } до { $max }
reason-config-user-id = найдено: { config-found }; допустимо: id человека в Telegram, число больше 0 (для группы есть telegram.alert_chat)
reason-config-chat-id = найдено: { config-found }; допустимо: id чата в Telegram, число (у группы — меньше 0)
reason-config-topic-id = найдено: { config-found }; допустимо: id темы, число больше 0
reason-config-anchor = найдено: { config-found }; допустимо: машина и порт, как 1.1.1.1:443
reason-config-limit = найдено: { config-found }; допустимо: число, 90%, размер вроде 5gb или время вроде 800ms
reason-config-metric-name = найдено: { config-found }; допустимо: название числа, как в orbit health: cpu, latency, disk:/var
reason-config-decimal = найдено: { config-found }; допустимо: число
reason-config-flag = найдено: { config-found }; допустимо: true или false
reason-config-text = найдено: { config-found }; допустимо: непустой текст в одну строку (в кавычках, если похож на число)
reason-config-any-text = найдено: { config-found }; допустимо: текст (в кавычках, если похож на что-то другое)
reason-config-one-of = найдено: { config-found }; допустимо: { $options }
reason-config-web-address = найдено: { config-found }; допустимо: адрес с http:// или https://, без имени и пароля
reason-config-mail-address = найдено: { config-found }; допустимо: адрес e-mail, например ops@example.org
reason-config-smtp-address = найдено: { config-found }; допустимо: почтовый сервер, например smtp://user:password@host:587 или smtps://host
reason-config-host = найдено: { config-found }; допустимо: имя или адрес машины, без порта
reason-config-name-server = найдено: { config-found }; допустимо: адрес сервера имён, например 1.1.1.1 или 1.1.1.1:53, не имя
reason-config-redis-address = найдено: { config-found }; допустимо: адрес вида redis://user:password@host:6379/0, rediss://… или unix:///путь
reason-config-postgres-address = найдено: { config-found }; допустимо: адрес вида postgresql://user:password@host:5432/database
reason-config-pattern = найдено: { config-found }; допустимо: регулярное выражение не длиннее 200 знаков
reason-config-cron = найдено: { config-found }; допустимо: расписание из пяти полей cron, например "0 9 * * *", или "", если его нет
reason-config-window = найдено: { config-found }; допустимо: длительность от 1m до 7d
reason-config-time-zone = найдено: { config-found }; допустимо: имя часового пояса, например Europe/Moscow или UTC
reason-config-quiet-hours = найдено: { config-found }; допустимо: два разных времени суток, например "23:00-08:00"
reason-config-statuses = найдено: { config-found }; допустимо: коды HTTP вида 200, 200-299 или их список
reason-config-command = найдено: { config-found }; допустимо: список из программы и аргументов, например [venv/bin/python, run.py], или слова в одну строку; оболочка их не выполняет, поэтому | & ; < > ( ) $ и ` ничего не значат
reason-config-check-id = найдено: { config-found }; допустимо: от 1 до 32 знаков a-z, 0-9, «_» и «-», первый — буква или цифра
reason-config-service-name = найдено: недопустимое имя; допустимо: от 1 до 32 знаков a-z, 0-9, «_» и «-», первый — буква или цифра
reason-config-variable-name = найдено: недопустимое имя переменной; допустимо: латинские буквы, цифры и «_», первый знак не цифра
reason-config-tmux-session = найдено: { config-found }; допустимо: от 1 до 64 латинских букв, цифр, «_» и «-», первый знак не «-»

reason-config-no-services = найдено: { config-found }; допустимо: хотя бы один сервис
reason-config-not-served = найдено: { $word }, эта версия такого ещё не умеет; допустимо: { $options }
reason-config-log-nowhere = найдено: проверка журнала, а журнала нет; допустимо с path или с log_file сервиса
reason-config-head-has-no-body = найдено: образец для тела ответа, но метод HEAD тела не даёт; допустимо с методом GET
reason-config-metric-twice = найдено: { config-found } второй раз; допустимо: своё имя у каждого числа, которого нет ни у одной проверки сервиса
reason-config-metric-no-database = нет url, и DATABASE_URL не задан: считать негде
reason-config-own-metric = найдено: { config-found }; допустимо: имя не длиннее 32 знаков из a-z, 0-9 и «_», первая – буква
reason-config-header-name = найдено: имя, какого у заголовка не бывает; допустимо: буквы, цифры и «-»
reason-config-label-name = найдено: имя, какого у метки не бывает; допустимо: буквы, цифры и «_», первая не цифра
reason-config-prometheus-name = найдено: { config-found }; допустимо: имя метрики Prometheus вроде http_requests_total
reason-config-select = найдено: { config-found }; допустимо: один SELECT, который даёт одну строку с одним числом
reason-config-rule-no-limit = найдено: ни одной границы; допустимо: over или under
reason-config-rule-two-limits = найдено: две границы; допустимо: over или under, для каждой своё правило
reason-config-rule-clear = найдено: { config-found }, это уже за границей; допустимо: сама граница или то, что в её пределах
reason-config-rule-no-check = найдено: { config-found }, такого id нет ни у одной проверки сервиса; допустимо: { $options }
reason-config-check-twice = найдено: { config-found } второй раз; допустимо: свой id у каждой проверки сервиса
reason-config-no-service = найдено: { config-found }, такого сервиса нет; допустимо: { $options }
reason-config-no-service-near = найдено: { config-found }, такого сервиса нет, может быть, { $nearest }? допустимо: { $options }
reason-config-cycle = найдено: круг зависимостей: { $cycle }; допустимо: зависимости, которые где-то кончаются
reason-config-delays-crossed = найдено: { config-found }, это меньше restart_delay; допустимо: столько же или больше
reason-config-session-twice = найдено: сессия tmux сервиса { $other }; допустимо: своя сессия у каждого сервиса на одном сервере tmux
reason-config-admin-twice = найдено: { config-found } второй раз; допустимо: каждый id один раз
reason-config-topic-alone = найдено: тема без группы; допустимо вместе с alert_chat
reason-config-container-none = найдено: ни container, ни compose; допустимо: одно из двух
reason-config-container-twice = найдено: ещё и container; допустимо: что-то одно из двух
reason-config-compose-service-alone = найдено: compose_service без compose; допустимо вместе с ним
reason-config-panel-service-watched = найдено: { config-found }, за ним только наблюдают (driver: external); допустимо: сервис, который можно перезапустить

reason-config-bot-token = найдено: { config-found }; допустимо: токен от @BotFather для собственного бота менеджера, цифры:буквы
reason-config-owners = найдено: { config-found }; допустимо: id пользователей Telegram через запятую, например 123456789,987654321 (id человека больше 0; его скажет @userinfobot)
reason-config-no-admins = найдено: пусто, и в файле нет admins; допустимо: хотя бы один id пользователя Telegram, например 123456789 (его скажет @userinfobot): иначе ботом никто не сможет пользоваться
reason-config-api-root = найдено: { config-found }; допустимо: адрес с http:// или https://
reason-config-proxy = найдено: { config-found }; допустимо: адрес с socks5://, socks5h://, http:// или https://
reason-config-http-token = найдено: { config-found }; допустимо: буквы, цифры и знаки без пробелов

reason-config-nothing-enabled = ни один сервис не включён: следить не за чем
reason-config-tmux-without-command = нет command: готовая сессия будет принята под наблюдение, но запустить её менеджер не сможет, пока не заданы command и cwd
reason-config-depends-on-disabled = { $other } не включён: эта зависимость не учитывается
reason-config-rule-no-number = такого числа не даёт ни одна проверка сервиса: правило никогда не сработает; есть: { $options }
reason-config-nobody-first = у всех tier: next, поэтому об оповещении никто не узнает, пока его не передадут дальше (escalate_after); дайте кому-нибудь tier: first

reason-config-seed-login = больше ничего не значит: входа по паролю нет; управление — в чате и в командной строке, HTTP только показывает
reason-config-seed-log-files = больше ничего не значит: менеджер пишет в стандартный вывод, его хранит и обрезает systemd или среда контейнеров
reason-config-seed-prometheus = больше ничего не значит: Prometheus отдаётся по /metrics на адресе http, с HTTP_TOKEN
reason-config-seed-process = больше ничего не значит: процесс находится в сессии tmux сам
reason-config-seed-always = больше ничего не значит: на это смотрят всегда
reason-config-seed-no-address = ни о чём не спрашивается: переменная { $variable } не задана
reason-config-seed-moved = не учитывается: теперь это ключ проверки type { $check }
reason-config-seed-telegram = больше ничего не значит: тревоги всегда приходят в чаты админов
reason-config-seed-levels = больше ничего не значит: админам приходят тревоги всех уровней
reason-config-seed-session = нет driver: прочитан как tmux с сессией { $session }, как было по умолчанию
reason-config-seed-watched = нет driver: прочитан как external и выключен, потому что эта версия ещё не умеет только наблюдать
reason-config-seed-dashboard = не учитывается: его место занял http, и он задан

## cli
# Слова таблиц коротки: столбец так же широк, как самое длинное слово в нём.

cli-help = Поддерживает работу сервисов VPN-сервера и сообщает в Telegram, если не может.
cli-help-version = показать версию
cli-help-help = показать эту справку
cli-help-json = вывести JSON, для скриптов
cli-help-run = запустить менеджер здесь, пока его не остановят; сервисы продолжат работать
cli-help-status = показать состояние всех сервисов, худшие сверху
cli-help-health = показать каждую проверку каждого сервиса; код выхода 0 только если всё хорошо
cli-help-metrics = показать ход показателей сервиса или всех сервисов
cli-help-range = за какое время
cli-column-number = показатель
cli-metrics-none = за последние { $range } ничего не измерено; числа приходят от проверок работающих сервисов
cli-metrics-size = Файл данных занимает { $size }.
cli-help-start = запустить сервис
cli-help-stop = остановить сервис; он не запустится, пока его не запустят
cli-help-restart = остановить и запустить сервис
cli-help-logs = показать последние строки журнала сервиса
cli-help-doctor = сказать, что не так с настройкой и как исправить; ничего не меняет, запущенный менеджер не нужен
cli-doctor-node = Node
cli-doctor-config = конфигурация
cli-doctor-data = папка данных
cli-doctor-manager = менеджер
cli-doctor-telegram = Telegram
cli-doctor-admins = админы
cli-doctor-services = сервисы
cli-doctor-stores = Redis, PostgreSQL
cli-doctor-http = HTTP
cli-doctor-host = эта машина
cli-doctor-well = Настройка в порядке.
cli-doctor-ill = { $wrong ->
    [one] Не в порядке { $wrong } пункт.
    [few] Не в порядке { $wrong } пункта.
   *[many] Не в порядке { $wrong } пунктов.
}
cli-help-backup = скопировать данные менеджера в новый файл, можно и во время работы
cli-help-backup-file = куда; по умолчанию: имя со временем, в этой папке
cli-backup-done = { $file }, { $size }: проверено, прочесть можете только вы.
cli-backup-restore = Чтобы восстановить: остановите менеджер, удалите { $store } вместе с его -wal и -shm, положите этот файл на то же место, запустите.
cli-help-config = посмотреть на конфигурацию
cli-help-config-check = проверить конфигурацию и окружение; ничего не запускает
cli-help-config-reload = показать, что изменилось в конфигурации, и применить; неизменное не трогается
cli-help-yes = не спрашивать
cli-help-reload-restart = заодно перезапустить то, что работает со старой командой
cli-help-stop-removed = заодно остановить то, чего в конфигурации больше нет
cli-help-service = имя сервиса, как в конфигурации
cli-help-lines = сколько строк, не больше { $max }
cli-usage-title = Использование:
cli-arguments-title = Аргументы:
cli-options-title = Параметры:
cli-commands-title = Команды:
cli-lines-range = Нужно число от 1 до { $max }.

cli-status-head = { $host }, менеджер { $version }, работает { $uptime }, { $incidents ->
    [0] открытых тревог нет
    [one] { $incidents } открытая тревога
    [few] { $incidents } открытые тревоги
   *[many] { $incidents } открытых тревог
}
cli-no-services = Ни один сервис не настроен.
cli-telegram = Telegram: { $state } уже { $since }
cli-telegram-connecting = соединение
cli-telegram-polling = на связи
cli-telegram-unreachable = недоступен
cli-telegram-conflict = токен бота использует другая программа
cli-telegram-unauthorized = не принимает токен бота
cli-telegram-off = выключен
cli-waiting = { $waiting ->
    [one] { $waiting } сообщение ждёт доставки
    [few] { $waiting } сообщения ждут доставки
   *[many] { $waiting } сообщений ждут доставки
}
cli-column-service = СЕРВИС
cli-column-state = СОСТОЯНИЕ
cli-column-health = ЗДОРОВЬЕ
cli-column-for = УЖЕ
cli-column-pid = PID
cli-column-restarts = ПЕРЕЗАПУСКИ
cli-column-why = ПРИЧИНА
cli-state-stopped = остановлен
cli-state-starting = запускается
cli-state-running = работает
cli-state-stopping = останавливается
cli-state-backing-off = ждёт
cli-state-failed = не поднялся
cli-state-unknown = неизвестно
cli-health-healthy = здоров
cli-health-degraded = с перебоями
cli-health-unhealthy = нездоров
cli-health-unknown = неизвестно
cli-being-start = запускает { $by }, уже { $for } (не дольше { $most })
cli-being-stop = останавливает { $by }, уже { $for } (не дольше { $most })
cli-being-restart = перезапускает { $by }, уже { $for } (не дольше { $most })
cli-retry = следующая попытка через { $in }
cli-duration-days = { $n } д
cli-duration-hours = { $n } ч
cli-duration-minutes = { $n } мин
cli-duration-seconds = { $n } с

cli-doing-start = Запускаю { $service } …
cli-doing-stop = Останавливаю { $service } …
cli-doing-restart = Перезапускаю { $service } …
cli-done-start = { $service }: запущен за { $took }.
cli-done-stop = { $service }: остановлен за { $took }.
cli-done-restart = { $service }: перезапущен за { $took }.
cli-failed-start = { $service }: не запущен: { $why } (через { $took })
cli-failed-stop = { $service }: не остановлен: { $why } (через { $took })
cli-failed-restart = { $service }: не перезапущен: { $why } (через { $took })
cli-goes-on = Менеджер доведёт это до конца; «orbit status» покажет, чем кончилось.
cli-config-ok = ok: { $services ->
    [one] { $services } сервис
    [few] { $services } сервиса
   *[many] { $services } сервисов
}
cli-config-warning = предупреждение: { $message }

reason-control-no-manager = Менеджер не запущен: по адресу { $path } никто не отвечает. Запустите его командой «orbit run» (или «systemctl start orbitvpn-manager») либо задайте ORBIT_DATA_DIR, если его папка данных в другом месте.
reason-control-forbidden = Вам нельзя говорить с менеджером по адресу { $path }: нужна учётная запись, под которой он работает, или sudo.
reason-control-no-answer = Менеджер не отвечает: ни слова за { $seconds } с. Причина может быть в его журнале; сервисы работают и без него.
reason-control-lost = Связь с менеджером оборвалась раньше, чем пришёл ответ. Действие могло быть выполнено; проверьте: «orbit status».
reason-control-bad-answer = Команда не понимает ответ менеджера: вероятно, у них разные версии. После обновления перезапустите менеджер; сервисы продолжат работать.
reason-control-busy = Менеджер занят: слишком много команд сразу. Повторите через минуту.
reason-control-bad-request = Менеджер не понимает запрос: вероятно, команда другой версии.
reason-control-line-too-long = Запрос слишком длинный.
reason-control-failed = Внутри менеджера что-то сломалось; подробности в его журнале.
reason-control-unknown-service = Сервиса «{ $service }» нет. Все сервисы покажет «orbit status».
reason-control-unknown-service-nearest = Сервиса «{ $service }» нет. Может быть, «{ $nearest }»?
reason-control-taken = С этой папкой данных уже работает другой менеджер: он отвечает по адресу { $path }. У одной папки один менеджер; этот ничего не запускает.
reason-control-not-a-socket = На месте { $path } лежит не сокет. Ничего не тронуто; уберите его и запустите снова.
reason-control-path-too-long = Путь { $path } слишком длинный для сокета: не больше { $max } байт. Выберите ORBIT_DATA_DIR покороче.
reason-control-cannot-listen = Не удаётся создать управляющий сокет { $path }: { $code }. Проверьте, кому принадлежит папка данных и есть ли место на диске.

## drivers: why a service cannot be started, stopped or seen
reason-command-missing = для него не задана команда
reason-command-not-found = команда не найдена: { $command }
reason-command-not-executable = команду { $command } нельзя выполнить: это папка или нет права на запуск
reason-interpreter-not-found = команде { $command } нужен { $interpreter }, а его нет
reason-folder-missing = его папки { $path } не существует
reason-folder-not-a-folder = { $path } — не папка
reason-folder-not-usable = в его папку { $path } нельзя войти ({ $code })
reason-log-not-writable = в его журнал { $path } нельзя писать ({ $code })
reason-env-file-missing = его файла env_file { $path } не существует
reason-env-file-unreadable = его файл env_file { $path } нельзя прочитать ({ $code })
reason-env-name-invalid = имя «{ $variable }» нельзя передать программе как переменную: допустимы только буквы, цифры и _
reason-run-folder-unusable = собственная папка менеджера { $path } недоступна ({ $code })
reason-keeper-silent = запускающая его оболочка не ответила; возможно, машина перегружена или диск заполнен
reason-runs-as-stray = он уже работает: процесс { $pid } был запущен под именем «{ $name }», которого больше нет в конфигурации; остановите этот процесс (kill { $pid }) и запустите здесь
reason-stray = Сервиса «{ $name }» больше нет в конфигурации, но он работает, и за ним никто не следит (процесс { $pid }). Верните его в конфигурацию или завершите: kill { $pid }
reason-signal-forbidden = менеджеру нельзя посылать сигналы процессу { $pid }: он принадлежит другому пользователю
reason-not-killed = остались даже после SIGKILL: { $processes }
reason-tmux-missing = tmux не установлен
reason-tmux-forbidden = сокет tmux { $socket } принадлежит другому пользователю
reason-tmux-silent = tmux не ответил за { $seconds } с
reason-tmux-refused = tmux отвечает: { $text }
reason-tmux-socket-lost = tmux работает (процесс { $pid }), но его сокет { $socket } удалён; вернуть его можно командой kill -USR1 { $pid }
reason-tmux-session-vanished = сессия tmux { $session } исчезла сразу после запуска
reason-tmux-program-not-seen = сессия tmux { $session } есть, но его команда в ней не выполняется

## drivers: systemd
reason-systemd-absent = systemd здесь не найден; в контейнер нужно пробросить systemd самой машины
reason-systemd-user-absent = у этого пользователя не запущен собственный systemd (в { $folder } ничего нет); от root: loginctl enable-linger { $user }
reason-systemd-no-access = менеджеру нельзя обращаться к systemd: сокет его шины закрыт для этого пользователя
reason-systemd-unreachable = нет связи с systemd ({ $problem })
reason-systemd-silent = systemd не отвечает
reason-systemd-not-understood = systemd описывает свои юниты так, что эта версия его не понимает
reason-systemd-forbidden = systemd не разрешает этому пользователю запускать и останавливать { $unit }: запустите менеджер от root или добавьте правило polkit
reason-systemd-refused = systemd отказывается работать с { $unit }: { $problem }
reason-unit-not-found = юнита { $unit } нет
reason-unit-masked = юнит { $unit } замаскирован; запуск вернёт команда «systemctl unmask { $unit }»
reason-unit-broken = юнит { $unit } не загружается: { $problem }
reason-unit-name-invalid = { $unit } не может быть именем юнита
reason-unit-state = юнит { $unit } в состоянии «{ $state }»
reason-unit-condition = условие юнита { $unit } не выполнено, поэтому systemd его не запустил
reason-unit-start-code = { $unit } завершился при запуске с кодом { $code }
reason-unit-start-signal = { $unit } убит при запуске сигналом { $signal }
reason-unit-start-limit =
    { $restarts ->
        [one] systemd сдался после { $restarts } перезапуска: { $unit } завершался слишком часто подряд
        [few] systemd сдался после { $restarts } перезапусков: { $unit } завершался слишком часто подряд
       *[many] systemd сдался после { $restarts } перезапусков: { $unit } завершался слишком часто подряд
    }
reason-unit-setup =
    { $what ->
        [folder] systemd не может войти в рабочую папку { $unit } (код { $status })
        [command] команды { $unit } нет или её нельзя выполнить (код { $status })
        [group] группы, указанной в { $unit }, не существует (код { $status })
       *[user] пользователя, указанного в { $unit }, не существует (код { $status })
    }
reason-unit-result =
    { $result ->
        [timeout] { $unit } не уложился во время, которое даёт systemd
        [watchdog] { $unit } не подал сторожевому таймеру systemd признаков жизни
        [oom-kill] на машине кончилась память, и из-за этого убит процесс { $unit }
        [start-limit-hit] { $unit } запускали слишком часто подряд, и systemd пока отказывает
        [protocol] { $unit } не сообщил того, чего ждёт systemd
        [resources] systemd не хватило чего-то нужного для запуска { $unit }
       *[other] systemd сообщает о { $unit }: { $result }
    }
reason-unit-job =
    { $result ->
        [dependency] не запустился другой юнит, который нужен { $unit }
        [canceled] запуск { $unit } отменил кто-то другой
        [assert] обязательное условие юнита { $unit } не выполнено
        [none] systemd не сообщил, запустился ли { $unit }
       *[other] запуск { $unit } ничего не дал ({ $result })
    }

## drivers: docker, external
reason-docker-absent = контейнерный движок не найден: сокета { $socket } нет
reason-docker-no-access = менеджеру нельзя пользоваться сокетом { $socket }: нужен root или группа docker
reason-docker-silent = контейнерный движок не отвечает на { $socket }
reason-docker-away = нет связи с контейнерным движком на { $socket } ({ $problem })
reason-docker-not-understood = контейнерный движок отвечает так, что эта версия его не понимает
reason-docker-refused = контейнерный движок отказывается работать с { $container }: { $problem }
reason-container-missing = контейнера { $container } нет
reason-containers-several = у { $project } несколько контейнеров ({ $containers }): назовите один из них или его сервис
reason-container-state = контейнер { $container } в состоянии «{ $state }»
reason-container-oom = контейнеру { $container } не хватило памяти, и его процесс был убит
reason-container-restart-limit =
    { $restarts ->
        [one] контейнерный движок оставил { $container } в покое после { $restarts } перезапуска
        [few] контейнерный движок оставил { $container } в покое после { $restarts } перезапусков
       *[many] контейнерный движок оставил { $container } в покое после { $restarts } перезапусков
    }
reason-container-unhealthy =
    { $failing ->
        [one] собственная проверка контейнера { $container } не прошла: { $output }
        [few] собственная проверка контейнера { $container } не прошла { $failing } раза подряд: { $output }
       *[many] собственная проверка контейнера { $container } не прошла { $failing } раз подряд: { $output }
    }
reason-container-health-starting = контейнер { $container } ещё не сказал, всё ли с ним в порядке
reason-container-paused = контейнер { $container } приостановлен
reason-project-container-down = не работает его контейнер { $container }
reason-external-only-watched = за ним только наблюдают; запустить или остановить его отсюда нельзя

## supervision: what happened and what was done
reason-exit-unknown = завершился, как именно — неизвестно
reason-exit-signal = убит сигналом { $signal }
reason-exit-code = завершился с кодом { $code }
reason-went-to-background = завершился с кодом 0, но оставил работающие процессы: он уходит в фон, а должен оставаться на переднем плане
reason-restarting-in =
    { $seconds ->
        [0] перезапускаю сразу
       *[other] перезапущу через { $seconds } с
    }
reason-policy-never = оставлен остановленным: по политике не перезапускается
reason-clean-exit = оставлен остановленным: завершился штатно, а по политике перезапуск только после сбоя
reason-gave-up =
    прекратил попытки после { $exits ->
        [one] { $exits } завершения
        [few] { $exits } завершений
       *[many] { $exits } завершений
    }
reason-crash-loop =
    цикл падений: { $exits ->
        [one] { $exits } завершение
        [few] { $exits } завершения
       *[many] { $exits } завершений
    } за { $minutes } мин
reason-crash-loop-code = { reason-crash-loop }, код { $code }
reason-crash-loop-signal = { reason-crash-loop }, убит сигналом { $signal }
reason-crash-loop-start =
    { $exits ->
        [one] { $exits } неудачный запуск
        [few] { $exits } неудачных запуска
       *[many] { $exits } неудачных запусков
    } за { $minutes } мин
reason-stopped-trying = больше не пробую, нужен человек
reason-start-did-not-work = запуск не удался, пробую ещё раз
reason-no-reason = причина не указана
reason-check-hung = проверка не ответила за { $seconds } с
reason-check-threw = сломалась сама проверка, подробности в журнале менеджера
reason-unknown-service = нет сервиса «{ $name }»
reason-busy-start = его сейчас запускает { $by }, уже { $seconds } с
reason-busy-stop = его сейчас останавливает { $by }, уже { $seconds } с
reason-busy-restart = его сейчас перезапускает { $by }, уже { $seconds } с
reason-watched-only = за ним только наблюдают, менеджер не запускает и не останавливает его
reason-already-running = он уже работал
reason-already-stopped = он уже был остановлен
reason-stop-not-written = записать это не удалось, возможно, диск полон: если менеджер завершится раньше, чем появится место, следующий снова запустит сервис
reason-cannot-be-started = для него не задана команда, поэтому менеджер не может его запустить
reason-operation-hung = не завершилось за { $seconds } с, посмотрите журнал сервиса
reason-died-at-once = запустился и сразу завершился ({ $exit }), причина может быть в его журнале
reason-leftovers-killed = убито то, что осталось после него: { $what }
reason-had-to-be-killed = не завершился за { $seconds } с и был убит: { $what }
reason-started-by = запуск: { $by }
reason-restarted-by = перезапуск: { $by }
reason-stranger = { $name } (id { $id }) написал этому боту и не получил ответа: не администратор.

## Telegram: команды и кнопки
command-menu = Все сервисы, сначала проблемные
command-status = Состояние всего одним сообщением
command-alerts = Оповещения: открытые и прошлые
command-metrics = Графики: /metrics сервис 24h
command-mute = Придержать оповещения: /mute сервис 30m
command-maintenance = Идут работы: /maintenance сервис 2h
command-logs = Последние строки журнала: /logs сервис строки текст
command-settings = Язык и кто вы здесь
command-help = Что здесь можно делать

button-start = Запустить
button-stop = Остановить
button-restart = Перезапустить
button-start-again = Запустить снова
button-confirm-stop = Да, остановить
button-confirm-restart = Да, перезапустить
button-cancel = Отмена
button-refresh = Обновить
button-back = Назад
button-menu = Меню
button-logs = Журнал
button-chart = График
button-numbers = Другие показатели
button-usual-numbers = Процессор и память
button-all-services = Все сервисы
button-service = Сервис
button-compare = { $what } у всех
button-search = Поиск
button-settings = Настройки
button-previous = ‹ Раньше
button-next = Дальше ›

## Telegram: экраны
chat-overall-none = Сервисы не настроены.
chat-overall-healthy = <b>{ $total ->
    [1] Сервис в порядке
    [one] Весь { $total } сервис в порядке
    [few] Все { $total } сервиса в порядке
   *[many] Все { $total } сервисов в порядке
}</b>
chat-overall-problems = <b>{ $problems ->
    [one] Проблема у { $problems }
   *[other] Проблемы у { $problems }
} из { $total ->
    [one] { $total } сервиса
   *[other] { $total } сервисов
}</b>
chat-overall-unknown = <b>Пока неизвестно состояние { $unknown } из { $total ->
    [one] { $total } сервиса
   *[other] { $total } сервисов
}</b>
chat-overall-resting = ({ $resting ->
    [one] { $resting } остановлен оператором
    [few] { $resting } остановлены оператором
   *[many] { $resting } остановлено оператором
})
chat-overall-all-resting = <b>Всё остановлено оператором</b>
chat-list-empty = Следить пока не за чем. Добавьте сервис в config/services.yaml, проверьте командой «orbit config check» и перезапустите менеджер.
chat-list-page = Страница { $page } из { $pages }
chat-as-of = <i>на { $time }</i>
chat-manager = Менеджер { $version } на { $host }, работает { $for }
chat-alerts-waiting = { $waiting ->
    [one] { $waiting } оповещение ждёт доставки уже { $for }
    [few] { $waiting } оповещения ждут доставки, старейшее – { $for }
   *[many] { $waiting } оповещений ждут доставки, старейшее – { $for }
}
chat-telegram-trouble = Telegram: { $why }
chat-no-such = Сервиса { $name } нет.

chat-being-start = запускает { $by }, уже { $for } (не дольше { $most })
chat-being-stop = останавливает { $by }, уже { $for } (не дольше { $most })
chat-being-restart = перезапускает { $by }, уже { $for } (не дольше { $most })
chat-state-resting = остановлен оператором { $for } назад
chat-state-stopped = не работает уже { $for }
chat-state-starting = запускается уже { $for }
chat-state-running = работает { $for }
chat-state-stopping = останавливается уже { $for }
chat-state-backing-off = не работает, следующая попытка через { $in }
chat-state-held = не работает уже { $for }
chat-state-failed = не работает, менеджер прекратил попытки { $for } назад
chat-state-unknown = состояние неизвестно уже { $for }
chat-health-degraded = работает хуже обычного
chat-health-unhealthy = нездоров
chat-health-unknown = здоровье пока неизвестно

chat-service-health-healthy = Здоров уже { $for }
chat-service-health-degraded = Хуже обычного уже { $for }
chat-service-health-unhealthy = Нездоров уже { $for }
chat-service-health-unknown = Здоровье пока неизвестно, { $for }
chat-service-process = Процесс <code>{ $pid }</code>, работает { $for }
chat-service-uptime = Работает { $for }
chat-service-restarts = Перезапусков менеджером: { $restarts }; недавних завершений в счёте: { $exits }
chat-service-foreign = Перезапусков по его собственной политике: { $restarts }
chat-service-exit = Последнее завершение: { $how }, { $when }
chat-service-checks = Проверки:

chat-ask-start = Запустить { $title }?
chat-ask-stop = Остановить { $title }?
chat-ask-restart = Перезапустить { $title }?
chat-ask-uptime = Работает уже { $for }.
chat-ask-healthy = Сейчас здоров.
chat-ask-start-then = Пользователи снова смогут им пользоваться.
chat-ask-stop-then = После этого пользователи не смогут им пользоваться. Он не запустится, даже после перезапуска менеджера, пока его кто-нибудь не запустит.
chat-ask-restart-then = Пользователи не смогут им пользоваться, пока он снова не заработает.
chat-ask-whose = <i>Подтвердить может только { $by }, в течение минуты.</i>
chat-question-foreign = Подтвердить или отменить может только { $owner }. Откройте сервис, чтобы спросить самому.
chat-question-stale = Этот вопрос уже закрыт. Ничего не сделано.
chat-cancelled = Отменено. Ничего не сделано.

chat-doing-start = Запускается <b>{ $title }</b>… (по просьбе: { $by })
chat-doing-stop = Останавливается <b>{ $title }</b>… (по просьбе: { $by })
chat-doing-restart = Перезапускается <b>{ $title }</b>… (по просьбе: { $by })
chat-done-start = Запущен за { $took } (по просьбе: { $by })
chat-done-stop = Остановлен за { $took } (по просьбе: { $by })
chat-done-restart = Перезапущен за { $took } (по просьбе: { $by })
chat-failed-start = Не запущен: { $why } (по просьбе: { $by }, через { $took })
chat-failed-stop = Не остановлен: { $why } (по просьбе: { $by }, через { $took })
chat-failed-restart = Не перезапущен: { $why } (по просьбе: { $by }, через { $took })
chat-note = { $note }
chat-busy-start = { $by } уже запускает { $title }, с { $time } ({ $for }).
chat-busy-stop = { $by } уже останавливает { $title }, с { $time } ({ $for }).
chat-busy-restart = { $by } уже перезапускает { $title }, с { $time } ({ $for }).
chat-not-now-start = { $title } сейчас нельзя запустить: { $state }.
chat-not-now-stop = { $title } сейчас нельзя остановить: { $state }.
chat-not-now-restart = { $title } сейчас нельзя перезапустить: { $state }.
chat-viewer = Вы можете смотреть, но не действовать. Попросите оператора.
chat-outdated = Эта кнопка устарела. Вот текущее состояние.

chat-logs = <b>{ $title }</b>: { $lines ->
    [one] последняя { $lines } строка
    [few] последние { $lines } строки
   *[many] последние { $lines } строк
}
chat-logs-none = <b>{ $title }</b>: журнал пуст.
chat-logs-matching = <b>{ $title }</b>: { $lines ->
    [one] последняя { $lines } строка
    [few] последние { $lines } строки
   *[many] последние { $lines } строк
} с «{ $pattern }»
chat-logs-matching-none = <b>{ $title }</b>: нет строк с «{ $pattern }».
chat-logs-unread = Журнал <b>{ $title }</b> сейчас нельзя прочитать.
chat-logs-usage = Какого сервиса? <code>/logs сервис</code>, можно указать число строк и что искать: <code>/logs сервис 50 error</code>
chat-metrics-usage = Графики: <code>/metrics</code> по всем, <code>/metrics сервис 24h</code> по одному; 1h, 6h, 24h, 7d или 30d
chat-chart-caption = <b>{ $title }</b>, { $range }
range-1h = 1 ч
range-6h = 6 ч
range-24h = 24 ч
range-7d = 7 д
range-30d = 30 д
chat-search-ask = Что искать в журнале <b>{ $title }</b>? Ответьте текстом; регистр не важен.
chat-search-left = Поиск в журнале <b>{ $title }</b> отменён.

chat-settings = Настройки
chat-settings-you = Вы: { $name } (<code>{ $id }</code>)
chat-settings-role = Роль: { $role }
chat-settings-language = Язык: { $language }
chat-settings-timezone = Время указано для { $timezone }
chat-settings-version = Менеджер { $version }
chat-role-viewer = наблюдатель (смотрит)
chat-role-operator = оператор (смотрит и действует)
chat-role-owner = владелец

chat-help =
    <b>Что здесь можно делать</b>
    /menu – все сервисы, сначала проблемные; нажмите на сервис, чтобы узнать причину, запустить, остановить или перезапустить
    /status – всё одним сообщением
    /alerts – что не так сейчас и что было, с кнопками «взять в работу»
    /marzban – VPN-панели: ноды, пользователи, что делать
    /cache – Redis: память, ключи, медленные команды, очистка кэша
    /db – PostgreSQL: подключения, запросы, таблицы, реплики
    /users – магазин: пользователи, подписки, платежи, выручка
    /metrics – графики: <code>/metrics</code> по всем, <code>/metrics сервис 24h</code>
    /digest – последний день: что ломалось, доступность, заполнение дисков
    /mute – придержать оповещения: <code>/mute сервис 30m</code>, <code>/mute all 2h</code>
    /maintenance – придержать оповещения и перезапуски на время работ: <code>/maintenance сервис 1h</code>
    /logs – последние строки журнала: <code>/logs сервис 50 error</code>
    /settings – язык, что вы хотите слышать и кто вы здесь
    /audit – кто что делал (для владельцев)
    /help – эта справка

    Оповещения приходят сами. Перезапуск и остановка переспрашивают; без этого ничего не делается.
chat-unknown = Не понимаю. /help расскажет, что я умею.
chat-broken = Что-то пошло не так. Это записано в журнале менеджера; попробуйте /menu.

## Telegram: оповещения
incident-down = { $title } не работает
incident-unhealthy = { $title } нездоров
incident-gave-up = { $title } не работает, менеджер прекратил попытки
incident-down-over = { $title } снова работает, через { $for }
incident-unhealthy-over = { $title } снова здоров, через { $for }
incident-stopped-by-operator = { $title } остановлен оператором после { $for } неполадок
incident-superseded = { $title }: через { $for } стало хуже, смотрите более новое оповещение
alert-why = Почему: { $why }
alert-affects = Из-за этого не работает: { $names }
alert-since = С { $time } ({ $for })
alert-lines = Последние строки журнала:
alert-counts = Не работает { $down } из { $total ->
    [one] { $total } сервиса
   *[other] { $total } сервисов
}
alert-delayed = <i>с задержкой { $for }: Telegram был недоступен</i>
alert-repeat = <i>Возможно, вы это уже получили: первая попытка осталась без подтверждения.</i>

## Telegram: почему сообщение не проходит, почему бот не слышит
reason-telegram-flood = Telegram просит подождать { $seconds } с
reason-telegram-server = неполадки у самого Telegram (ошибка { $code })
reason-telegram-no-answer = Telegram не отвечает ({ $detail })
reason-telegram-stalled = от Telegram нет ответа уже { $seconds } с
reason-telegram-unauthorized = Telegram не принимает токен бота
reason-telegram-conflict = с токеном этого бота опрашивает другая программа
reason-telegram-recipient-gone = в этот чат нельзя писать ({ $detail })
reason-telegram-moved = у группы теперь идентификатор { $chat }
reason-telegram-refused = Telegram не принимает сообщение ({ $detail })
reason-telegram-empty = в сообщении нечего показать

## digest (telegram/screens/digest.ts)
digest-fine =
    Всё хорошо: { $services ->
        [one] { $services } сервис
        [few] { $services } сервиса
       *[many] { $services } сервисов
    }, с { $since } ничего не ломалось.
digest-title = Сводка, { $since } – { $until }
digest-broke = Что ломалось
digest-broke-none = Ничего.
digest-broke-line =
    { $title }: { $times ->
        [one] { $times } раз
        [few] { $times } раза
       *[many] { $times } раз
    }, всего { $for }
digest-broke-open =
    { $title }: { $times ->
        [one] { $times } раз
        [few] { $times } раза
       *[many] { $times } раз
    }, всего { $for }, ещё не устранено
digest-starts = Запуски
digest-slow = Самые медленные ответы
digest-slow-line = { $title }: в среднем { $usual }, самый долгий { $most }
digest-availability = Доступность: день / неделя / месяц
digest-availability-line = { $title }: { $day } / { $week } / { $month }
digest-available-always =
    { $n ->
        [one] { $n } сервис: всегда
        [few] { $n } сервиса: всегда
       *[many] { $n } сервисов: всегда
    }
digest-unknown = неизвестно: { $for }, в доступность не засчитано
digest-muted = Тишина
digest-disks = Диски
digest-disk-steady = { $path }: занято { $used }, не растёт
digest-disk-fills = { $path }: занято { $used }, при таком темпе заполнится через { $in }
digest-more = и ещё { $n }
command-digest = что было за последний день
button-digest = Сводка

## alerting: groups, flapping, mutes
alert-nothing = Больше нечего сообщить.
alert-group =
    { $n ->
        [one] { $n } проблема
        [few] { $n } проблемы
       *[many] { $n } проблем
    } сразу
alert-group-over =
    { $n ->
        [one] { $n } проблема, устранена
        [few] { $n } проблемы, все устранены
       *[many] { $n } проблем, все устранены
    }
alert-group-back =
    { $n ->
        [one] { $n } проблема устранена
        [few] Все { $n } проблемы устранены
       *[many] Все { $n } проблем устранены
    } через { $for }
alert-group-more =
    { $n ->
        [one] и ещё { $n }:
        [few] и ещё { $n }:
       *[many] и ещё { $n }:
    }
incident-flapping = { $title }: то падает, то встаёт
incident-flapping-over = { $title }: снова стабильно, длилось { $for }
incident-removed = { $title }: больше нет в настройках
reason-flapping =
    { $changes ->
        [one] { $changes } раз
        [few] { $changes } раза
       *[many] { $changes } раз
    } за { $minutes } мин упал или встал; отдельные оповещения придержаны, пока состояние не станет постоянным
reason-flapping-on =
    уже { $changes ->
        [one] { $changes } раз
        [few] { $changes } раза
       *[many] { $changes } раз
    } упал или встал; отдельные оповещения придержаны, пока состояние не станет постоянным
reason-held-maintenance = не запускаю: идут работы
reason-held-dependency = пока не запускаю: нужен { $name }, а он не работает
reason-held-unproven = пока не запускаю: нужен { $name }, а он раз за разом падал и ещё не показал, что держится
reason-held-unseen = пока не запускаю: нужен { $name }, а работает ли он, не видно; через { $seconds } с такой неизвестности запущу всё равно
reason-unknown-incident = нет оповещения { $id }
reason-incident-over = проблема уже устранена
reason-already-acknowledged = уже взято в работу: { $by }
reason-mute-in-the-past = окончание в прошлом
reason-mute-too-long =
    { $days ->
        [one] не больше { $days } дня
        [few] не больше { $days } дней
       *[many] не больше { $days } дней
    }
reason-mute-over = уже закончилось
reason-not-muted = сам по себе он не заглушён

## alerting: что длится слишком долго (core/lasting.ts)
incident-unknown = { $title }: не удаётся спросить
incident-unknown-still = { $title }: всё ещё не удаётся спросить, уже { $for }
incident-unknown-over = { $title }: снова отвечает, через { $for }
incident-degraded = { $title }: работает хуже, чем нужно
incident-degraded-still = { $title }: всё ещё работает хуже, чем нужно, уже { $for }
incident-degraded-over = { $title }: снова в порядке, через { $for }
chat-alert-unknown = не удаётся спросить
chat-alert-degraded = хуже, чем нужно
cli-what-unknown = неизвестно
cli-what-degraded = хуже
reason-could-not-ask = не удаётся спросить { $seconds } с; здоровым не считается, и из-за этого ничего не перезапускается

## alerting: правила для чисел (core/rule.ts)
incident-rule = { $title }: вне нормы
incident-rule-still = { $title }: всё ещё вне нормы, уже { $for }
incident-rule-over = { $title }: снова в норме, через { $for }
incident-gone = { $title }: больше не измеряется, неполадки длились { $for }
chat-alert-rule = вне нормы
cli-what-rule = вне нормы
reason-rule-over =
    { METRIC($metric) } { MEASURE($value, $unit) }, больше { MEASURE($limit, $unit) }{ $lasted ->
        [0] { "" }
       *[other] { " " }уже { SPAN($lasted) }
    }
reason-rule-under =
    { METRIC($metric) } { MEASURE($value, $unit) }, меньше { MEASURE($limit, $unit) }{ $lasted ->
        [0] { "" }
       *[other] { " " }уже { SPAN($lasted) }
    }
reason-rule-back = { METRIC($metric) } { MEASURE($value, $unit) }

## alerting: сеть самого сервера (core/link.ts)
incident-link-down = На этом сервере нет сети
incident-link-down-still = На этом сервере всё ещё нет сети, уже { $for }
incident-link-down-over = На этом сервере снова есть сеть, через { $for }
chat-alert-link-down = на сервере нет сети
cli-what-link-down = нет сети
reason-own-link-down = на этом сервере нет сети; не удаётся спросить
reason-link-down = не отвечает ни один из { $anchors }; всё за пределами сервера считается неизвестным, и из-за этого ничего не перезапускается

## история (store/samples.ts, supervisor/history-watch.ts)
incident-history-paused = Измерения не сохраняются
incident-history-paused-still = Измерения всё ещё не сохраняются, уже { $for }
incident-history-paused-over = Измерения снова сохраняются, через { $for }
chat-alert-history-paused = измерения не сохраняются
cli-what-history-paused = нет истории
reason-history-disk-full = на диске осталось только { $megabytes } МБ; они для оповещений, и те продолжаются
reason-history-not-written = файл данных не записывается ({ $text }); оповещения продолжаются
chat-settings-history = Файл данных (история, оповещения) занимает { $size }

## alerting: what people do about alerts
button-acknowledge = Взять в работу
button-acknowledge-all = Взять все в работу
button-mute-half-hour = Тишина 30 мин
button-mute-two-hours = Тишина 2 ч
button-mute-morning = До утра
button-mute-day = Тишина 1 день
button-mute-all = Тишина 30 мин для всех
button-unmute = Снять тишину
button-unmute-all = Снять тишину со всех
button-unmute-everything = Снять общую тишину
button-maintenance-half-hour = Работы 30 мин
button-maintenance-two-hours = Работы 2 ч
button-maintenance-day = Работы 1 день
button-end-maintenance = Закончить работы
button-show-alerts = Показать оповещения
button-alerts = Оповещения
button-mutes = Тишина…
button-audit = Кто что делал
button-level-info = Все
button-level-warning = Важные
button-level-error = Сбои
button-level-critical = Критичные
button-quiet-on = Включить тихие часы
button-quiet-off = Выключить тихие часы

alert-taken = В работе: { $by }, с { $time }
alert-escalated = Никто не отреагировал за { $for }
alert-group-affects = из-за этого не работает: { $names }
alert-group-muted = Для всех – тишина до { $until } ({ $by })
incident-down-still = { $title } всё ещё не работает, уже { $for }
incident-gave-up-still = { $title } всё ещё не работает, уже { $for }; менеджер прекратил попытки
incident-unhealthy-still = { $title } всё ещё нездоров, уже { $for }
incident-flapping-still = { $title }: всё ещё то падает, то встаёт, уже { $for }
incident-flapping-settled =
    { $title }: снова стабильно – { $health ->
        [healthy] здоров
        [degraded] работает хуже обычного
        [unhealthy] не работает как надо
       *[unknown] состояние неизвестно
    } (длилось { $for })

chat-muted =
    { $covers ->
        [all]
            { $kind ->
                [maintenance] Работы на всех сервисах
               *[mute] Общая тишина
            }
        [service]
            { $names }: { $kind ->
                [maintenance] работы
               *[mute] тишина
            }
       *[incident] Оповещение { $names }: тишина
    } до { $until } ({ $by })
chat-took-on = Теперь это в работе у вас. Повторять не буду.
chat-took-all =
    Теперь у вас в работе { $n ->
        [one] { $n } оповещение
        [few] { $n } оповещения
       *[many] { $n } оповещений
    }. Повторять не буду.
chat-took-none = Всё это уже взято в работу или устранено.
chat-muted-now = Тишина до { $until }
chat-muted-all-now =
    { $n ->
        [one] { $n } сервис: тишина
        [few] { $n } сервиса: тишина
       *[many] { $n } сервисов: тишина
    } до { $until }
chat-maintenance-now = Работы до { $until }
chat-unmuted-now = Тишина снята
chat-not-muted = Не сделано: { $why }
chat-owners-only = Кто что делал, видят только владельцы.
chat-usage-mute = Для чего тишина и надолго ли? <code>/mute сервис 30m</code>, <code>/mute all 2h</code>, <code>/mute сервис 1d</code>
chat-usage-maintenance = Над чем работы и надолго ли? <code>/maintenance сервис 30m</code>, <code>/maintenance all 2h</code>
chat-mutes = Тишина и работы
chat-mutes-of = { $title }: тишина и работы
chat-mutes-none = Ничего не заглушено.
chat-mutes-explained = <i>Тишина придерживает оповещения; что к её концу всё ещё не так, будет сказано тогда. Пока идут работы, менеджер ещё и не перезапускает сервис. Проверки продолжаются.</i>
chat-alerts = Оповещения
chat-alerts-now = <b>Открытые</b>
chat-alerts-none-open = Открытых нет.
chat-alerts-empty =
    Открытых нет, и раньше не было. Когда что-то пойдёт не так, оно появится здесь с кнопками «взять в работу», вот так:
    🔴 <b>Бот магазина</b>: не работает с 14:55 (4 мин) · 👤 Вера
chat-alerts-line = <b>{ $title }</b>: { $what } с { $time } ({ $for })
chat-alerts-line-over = { $time } <b>{ $title }</b>: { $what }, { $for }
chat-alerts-open =
    { $open ->
        [one] { $open } открытое оповещение
        [few] { $open } открытых оповещения
       *[many] { $open } открытых оповещений
    }, { $untaken ->
        [0] все в работе
        [one] { $untaken } не взято в работу
       *[other] { $untaken } не взято в работу
    }
chat-alert-down = не работает
chat-alert-gave-up = не работает, менеджер прекратил попытки,
chat-alert-unhealthy = нездоров
chat-alert-flapping = то падает, то встаёт
chat-audit = Кто что делал
chat-audit-empty = Пока никто ничего не делал.
audit-action =
    { $action ->
        [start] запуск
        [stop] остановка
        [restart] перезапуск
        [ack] взято в работу
        [mute] тишина
        [maintenance] работы
        [unmute] тишина снята
        [reload] новые настройки
        [cache-clear] очистить кэш
        [panel-reconnect-node] переподключить ноду
        [panel-enable-node] включить ноду
        [panel-disable-node] выключить ноду
        [panel-restart-core] перезапустить ядро
        [panel-restart-panel] перезапустить панель
        [panel-reconnects-on] включить автопереподключение
        [panel-reconnects-off] выключить автопереподключение
        [panel-user-enable] включить пользователя
        [panel-user-disable] выключить пользователя
        [panel-user-reset-traffic] сбросить трафик
        [panel-user-extend] продлить
       *[other] { $action }
    }
chat-audit-line =
    { $time } <b>{ $by }</b>{ $kind ->
        [telegram] {""}
        [manager] {" "}(сам)
       *[cli] {" "}(командная строка)
    }: { audit-action } { $title }
chat-audit-why = { $why }
chat-settings-level =
    Оповещения: { $level ->
        [info] все
        [warning] важные и серьёзнее
        [error] сбои и серьёзнее
       *[critical] только критичные
    }
chat-settings-quiet = Тихие часы: { $hours }, в это время звучит только критичное
chat-settings-not-quiet = Тихие часы: выключены (если включить – { $hours })
cli-help-alerts = показать, что не так сейчас и что заглушено
cli-help-alerts-all = и последние прошедшие тревоги
cli-help-ack = взять тревогу в работу: она не повторяется, и все видят, у кого она
cli-help-alert = номер тревоги, как в «orbit alerts»
cli-help-mute = придержать тревоги; что к концу всё ещё не так, будет сказано тогда
cli-help-maintenance = придержать тревоги и перезапуски на время работ
cli-help-unmute = снять тишину или закончить работы
cli-help-muted = номер, сервис или all
cli-help-audit = показать, кто что делал, сначала новое
cli-help-entries = сколько записей, не больше { $max }
cli-help-service-or-all = имя сервиса или all
cli-help-span = надолго ли: 30m, 2h, 1d; не больше 7d
cli-alert-id = Нужен номер; его показывает «orbit alerts».
cli-span-wrong = Нужна длительность: 30m, 2h или 1d.
cli-alerts-none = Открытых тревог нет.
cli-alerts-open = Открытые тревоги:
cli-alerts-past = Последние прошедшие тревоги:
cli-alerts-none-past = Их нет.
cli-column-id = №
cli-column-level = УРОВЕНЬ
cli-column-what = ЧТО
cli-column-taken = В РАБОТЕ У
cli-column-ended = КОНЕЦ
cli-column-when = КОГДА
cli-column-who = КТО
cli-column-action = ДЕЙСТВИЕ
cli-column-outcome = ИСХОД
cli-level-info = заметка
cli-level-warning = внимание
cli-level-error = сбой
cli-level-critical = критично
cli-what-down = не работает
cli-what-gave-up = попытки кончились
cli-what-unhealthy = нездоров
cli-what-flapping = падает и встаёт
cli-muted =
    { $covers ->
        [all]
            { $kind ->
                [maintenance] Работы на всех сервисах
               *[mute] Общая тишина
            }
        [service]
            { $kind ->
                [maintenance] { $name }: работы
               *[mute] { $name }: тишина
            }
       *[incident] Тревога { $name }: тишина
    }, ещё { $left }, { $by } (номер { $id })
cli-acknowledged = Тревога { $id } теперь у вас: она не повторяется, и все это видят.
cli-mute-done =
    { $kind ->
        [maintenance]
            { $covers ->
                [all] Работы на всех сервисах, { $for }: тревог нет, менеджер ничего не перезапускает.
               *[service] { $name }: работы, { $for }: тревог нет, менеджер его не перезапускает.
            }
       *[mute]
            { $covers ->
                [all] Общая тишина на { $for }.
               *[service] { $name }: тишина на { $for }.
            }
    }
cli-unmute-done = { $name }: тишина снята.
cli-alerting-refused = Не сделано: { $why }
cli-audit-none = Пока никто ничего не делал.
cli-audit-done = сделано

## checks: сети, сертификаты, программы, журналы, сама машина (checks/)
reason-net-refused = { $address } не принимает соединений: там никто не слушает
reason-net-timeout = { $address } не отвечает вовремя
reason-net-closed = { $address } сразу закрывает соединение
reason-net-unreachable = до { $address } нет пути
reason-net-no-such-host = { $address }: узла с таким именем нет
reason-net-no-socket = { $address }: такого сокета нет
reason-net-no-resolver = спросить { $address } не удалось: эта машина сейчас не может узнавать адреса по именам
reason-net-forbidden = спросить { $address } не удалось: менеджеру туда нельзя
reason-net-own-network = спросить { $address } не удалось: у этой машины нет сети
reason-net-own-files = спросить { $address } не удалось: у менеджера открыто слишком много файлов
reason-net-error = до { $address } не добраться ({ $code })
reason-net-slow = { $address } отвечает медленно: медиана последних ответов { $ms } мс, допустимо { $limit } мс

reason-tls-no-handshake = { $address } не говорит на понятном нам TLS ({ $code })
reason-tls-no-certificate = { $address } не показывает сертификата
reason-tls-expired =
    сертификат { $address } истёк { $date }{ $days ->
        [0] {""}
        [one] , { $days } день назад
        [few] , { $days } дня назад
       *[many] , { $days } дней назад
    }
reason-tls-expires =
    сертификат { $address } истекает { $date }, { $days ->
        [0] меньше чем через день
        [one] через { $days } день
        [few] через { $days } дня
       *[many] через { $days } дней
    }
reason-tls-not-yet-valid = сертификат { $address } начнёт действовать только { $date }
reason-tls-self-signed = сертификат { $address } самоподписанный: за него не ручается ни один известный центр
reason-tls-unknown-issuer = сертификат { $address } выдан неизвестным центром, или сервер не присылает промежуточную цепочку
reason-tls-chain-expired = истёк сертификат центра, выдавшего сертификат { $address }
reason-tls-revoked = сертификат { $address } отозван
reason-tls-distrusted = сертификату { $address } нет доверия ({ $code })
reason-tls-wrong-name = сертификат { $address } не на имя { $name }, а на другие: { $names }
reason-tls-no-ca-file = спросить не удалось: файл центров { $path } не читается ({ $code })

reason-dns-no-such-name = имени { $name } нет
reason-dns-no-record = у { $name } нет записи { $record }
reason-dns-other-answer = { $name } { $record } ведёт на { $found }; не хватает { $expected }
reason-dns-slow = имя { $name } ищется медленно: медиана последних ответов { $ms } мс, допустимо { $limit } мс
reason-dns-server-silent =
    { $server ->
        [own] спросить не удалось: сервер имён этой машины не отвечает
       *[other] сервер имён { $server } не отвечает
    }
reason-dns-server-failed =
    { $server ->
        [own] сервер имён этой машины не смог найти { $name }
       *[other] сервер имён { $server } не смог найти { $name }
    }
reason-dns-server-refused =
    { $server ->
        [own] сервер имён этой машины отказывается искать { $name }
       *[other] сервер имён { $server } отказывается искать { $name }
    }
reason-dns-error = найти { $name } не удалось ({ $code })

command-said =
    { $said ->
        [nothing] ничего не сказав
       *[line] сказав: «{ $line }»
    }
reason-command-late = команда { $program } не закончилась вовремя и была убита, { command-said }
reason-command-signal = команда { $program } убита сигналом { $signal }, { command-said }
reason-command-exit = команда { $program } закончилась с кодом { $code }, { command-said }
reason-command-output = команда { $program } сказала не то, что ожидалось: закончила, { command-said }
reason-command-slow = команда { $program } работает медленно: медиана последних запусков { $ms } мс, допустимо { $limit } мс
reason-command-not-run =
    спросить не удалось: { $code ->
        [ENOENT] программы { $program } или её папки нет
        [EACCES] программу { $program } нельзя запускать
       *[other] программа { $program } не запускается ({ $code })
    }

reason-log-matches =
    { $matches ->
        [one] { $matches } строка
        [few] { $matches } строки
       *[many] { $matches } строк
    } за { $seconds } с, последняя: «{ $line }»
reason-log-missing =
    посмотреть не удалось: { $path } — { $code ->
        [ENOENT] такого файла нет
        [EACCES] менеджеру нельзя его читать
        [EISDIR] это папка
        [ENOTREG] это не файл
       *[other] не читается ({ $code })
    }
reason-log-too-fast = { $path } растёт быстрее, чем читается: пропущено { $megabytes } МБ

reason-host-disk = диск { $path } заполнен на { $percent } %, осталось { $free } { $unit ->
        [MB] МБ
       *[GB] ГБ
    }
reason-host-inodes = на диске { $path } занято { $percent } % возможных файлов
reason-host-disk-read-only = диск { $path } стал доступен только для чтения: ядро встретило на нём ошибки
reason-host-disk-filling =
    диск { $path } ({ $percent } %) заполнится примерно через { $unit ->
        [h] { $n } ч
       *[min] { $n } мин
    }, если так пойдёт дальше
reason-host-memory = занято { $percent } % памяти, осталось { $free } { $unit ->
        [MB] МБ
       *[GB] ГБ
    }
reason-host-cpu = процессор занят на { $percent } %
reason-host-steal = гипервизор отдаёт { $percent } % времени процессора другим машинам
reason-host-load = на каждое ядро процессора приходится { $load } ждущих процессов
reason-host-network = у { $name } потеряно или испорчено { $percent } % пакетов ({ $count })
reason-host-clock-off = часы ошибаются на { $seconds } с
reason-host-clock-jumped = часы скакнули на { $seconds } с, или машина спала
reason-host-rebooted = машина была перезагружена { $minutes } мин назад
reason-host-unreadable = посмотреть не удалось: /proc не читается ({ $code })

## checks: process and http
reason-process-pid-unknown = процесс неизвестен, измерить его нельзя
reason-process-gone = процесса { $pid } больше нет
reason-process-zombie = процесс { $pid } завершился, и его никто не забирает (зомби)
reason-process-frozen = процесс { $pid } заморожен (остановлен сигналом)
reason-http-status = { $address } отвечает статусом { $status }
reason-http-body = { $address } отвечает, но не тем текстом
reason-http-redirect-nowhere = { $address } перенаправляет туда, где нет адреса
reason-http-redirect-loop = { $address } перенаправляет больше { $hops } раз
reason-http-certificate = сертификат { $address } не принят ({ $code })
reason-http-not-http = { $address } отвечает не по HTTP

## проверки: свои числа (checks/metric*.ts)
reason-metric-no-number = найдено не число: { $found }
reason-metric-no-json = { $address } отвечает не в JSON
reason-metric-nothing-there = в ответе { $address } ничего нет по пути { $path }
reason-metric-no-exposition = { $address } отвечает не в формате Prometheus
reason-metric-no-series = у { $address } нет ряда { $series }
reason-metric-too-long = ответ { $address } длиннее { $megabytes } МБ
reason-metric-no-database = нет адреса PostgreSQL: задайте url или DATABASE_URL
reason-metric-rows =
    { $rows ->
        [none] запрос не дал ни одной строки, нужна одна
       *[several] запрос дал несколько строк, нужна одна
    }

## checks: Redis (checks/)
reason-redis-no-password = { $address } требует пароль, а он не задан
reason-redis-wrong-password = { $address } не принимает пароль
reason-redis-no-right =
    спросить { $address } не удалось: пользователю нельзя { $command ->
        [keys] трогать эти ключи
       *[other] выполнять { $command }
    }
reason-redis-loading = { $address } ещё загружает данные с диска
reason-redis-is-loading = он ещё загружает данные с диска
reason-redis-master-down = { $address } — реплика, потерявшая ведущего, и она отказывается отвечать
reason-redis-cannot-save = { $address } не может сохраняться на диск и отказывает в записи
reason-redis-busy = { $address } занят скриптом, который не кончается
reason-redis-protected = { $address } отвечает только своей машине (protected mode)
reason-redis-read-only = { $address } — реплика, записи она не принимает
reason-redis-too-many-clients = у { $address } уже столько клиентов, сколько он может принять
reason-redis-not-redis = { $address } отвечает, но не как Redis
reason-redis-error = { $address } говорит: { $text }
reason-redis-memory =
    занято { $percent } % { $of ->
        [limit] его предела памяти
       *[machine] памяти машины
    }
reason-redis-memory-full = занято { $percent } % его предела памяти; на пределе он отказывает в записи (noeviction)
reason-redis-fragmented = он держит в { $ratio } раза больше памяти, чем нужно данным (фрагментация)
reason-redis-refused-writes =
    отказал в { $count ->
        [one] { $count } записи
        [few] { $count } записях
       *[many] { $count } записях
    } с прошлого раза ({ $code }, политика { $policy })
reason-redis-evicted =
    выбросил { $keys ->
        [one] { $keys } ключ
        [few] { $keys } ключа
       *[many] { $keys } ключей
    } с прошлого раза: память кончилась (политика { $policy })
reason-redis-rejected =
    не принял { $count ->
        [one] { $count } соединение
        [few] { $count } соединения
       *[many] { $count } соединений
    } с прошлого раза: слишком много клиентов
reason-redis-clients = подключено { $clients } клиентов из { $max } возможных
reason-redis-rdb-failed = последний снимок на диск не удался; обычно он тогда отказывает в записи
reason-redis-aof-failed = запись в его журнал (AOF) не удаётся
reason-redis-aof-rewrite-failed = последнее переписывание его журнала (AOF) не удалось
reason-redis-link-down = связи с ведущим нет уже { $seconds } с
reason-redis-replica = реплика { $address } не в сети ({ $state })
reason-redis-keys-dropped = из { $before } ключей с прошлого раза осталось { $keys }: его опустошили
reason-cache-everything = шаблон { $pattern } — это все ключи; назовите хотя бы часть имени
reason-cache-needs-count =
    { $pattern } — это { $matching ->
        [one] { $matching } ключ
        [few] { $matching } ключа
       *[many] { $matching } ключей
    }, { $percent } % всех: владелец должен ввести это число
reason-cache-other-count =
    { $pattern } — это { $matching ->
        [one] { $matching } ключ
        [few] { $matching } ключа
       *[many] { $matching } ключей
    } ({ $percent } % всех), а введено другое число; ничего не удалено

reason-cache-begun =
    { $matching ->
        [one] удаляется { $matching } ключ
        [few] удаляются { $matching } ключа
       *[many] удаляются { $matching } ключей
    } { $pattern }
reason-cache-cleared =
    { $removed ->
        [one] удалён { $removed } ключ
        [few] удалены { $removed } ключа
       *[many] удалено { $removed } ключей
    } { $pattern }
reason-cache-stopped =
    остановлено, { $removed ->
        [one] удалён { $removed } ключ
        [few] удалены { $removed } ключа
       *[many] удалено { $removed } ключей
    } { $pattern }
reason-cache-busy = этот Redis сейчас очищает { $by }; подождите, пока это закончится
reason-cache-count-gone = подсчёт устарел; посчитайте заново
reason-store-unknown = { $store } не опрашивает (больше) ни одна проверка
reason-shop-no-database = база магазина неизвестна: задайте DATABASE_URL или добавьте сервису проверку типа postgres

## doctor: настройка и как её исправить (wiring/doctor/)
reason-doctor-broke = это не удалось проверить: { $problem }
reason-doctor-no-answer = нет ответа за 8 с
reason-doctor-node = версия { $version }
reason-doctor-node-old = версия { $version } слишком старая: нужна { $needed } или новее
reason-doctor-advice-node = Установите текущую LTS с nodejs.org, затем снова npm ci --ignore-scripts и npm run build.
reason-doctor-config =
    { $services ->
        [one] без ошибок, { $services } сервис
        [few] без ошибок, { $services } сервиса
       *[many] без ошибок, { $services } сервисов
    }
reason-doctor-data = { $folder } есть, запись возможна
reason-doctor-data-none = { $folder } ещё нет; менеджер создаст её сам
reason-doctor-data-forbidden = { $account } не может писать в { $folder }
reason-doctor-advice-data-owner = Запускайте команду и менеджер от одного пользователя или отдайте папку ему: chown -R { $account } { $folder }
reason-doctor-data-no-folder = { $folder } — не папка
reason-doctor-advice-data-no-folder = Укажите в ORBIT_DATA_DIR папку.
reason-doctor-data-foreign = { $folder } принадлежит другому пользователю (uid { $uid }), не вам ({ $account })
reason-doctor-advice-data-foreign = Запустите orbit doctor от пользователя менеджера: что можно вам, ему, возможно, нельзя.
reason-doctor-data-open = в { $folder } могут заходить другие пользователи этой машины
reason-doctor-advice-data-open = chmod 700 { $folder }
reason-doctor-disk-full = для { $folder } свободно только { $free } МБ: показатели не сохраняются, а скоро и оповещения
reason-doctor-disk-little = для { $folder } свободно только { $free } МБ
reason-doctor-advice-disk = Освободите место на этом диске или укажите в ORBIT_DATA_DIR другой.
reason-doctor-env-open = в { $file } лежат секреты, а прочесть его могут другие пользователи этой машины
reason-doctor-advice-env-open = chmod 600 { $file }
reason-doctor-manager = { $version } работает и отвечает
reason-doctor-manager-none = в этой папке данных не запущен
reason-doctor-telegram = отвечает; бот — { $bot }
reason-doctor-advice-token = Скопируйте токен у @BotFather заново в MANAGER_BOT_TOKEN в .env.
reason-doctor-advice-proxy = Связь идёт через TELEGRAM_PROXY: работает ли прокси, верны ли его адрес и пароль?
reason-doctor-advice-network = Где Telegram заблокирован, задайте TELEGRAM_PROXY или TELEGRAM_API_ROOT в .env; иначе проверьте DNS и файрвол.
reason-doctor-webhook = другая программа направила обновления этого бота на { $host }
reason-doctor-advice-own-bot = Дайте менеджеру собственного бота: /newbot у @BotFather, его токен — в MANAGER_BOT_TOKEN.
reason-doctor-poller-ours = запущенный менеджер слышит бота
reason-doctor-poller-none = больше никто не использует этот токен
reason-doctor-poller-unknown = использует ли токен кто-то ещё, узнать не удалось
reason-doctor-admins = бот может писать { $reached } из { $all }
reason-doctor-admins-none = бот не может писать ни одному админу: оповещений никто не услышит
reason-doctor-admin-silent = бот не может писать { $who }
reason-doctor-advice-start = Нужно один раз отправить боту /start; верен ли id? Его скажет @userinfobot.
reason-doctor-group = бот может писать в группу { $title }
reason-doctor-advice-group = Добавьте бота в группу и проверьте id в telegram.alert_chat.
reason-doctor-service = можно найти и запустить ({ $driver })
reason-doctor-store = отвечает пользователю менеджера
reason-doctor-redis-rights = пользователю менеджера нельзя { $rights }
reason-doctor-postgres-rights = пользователь менеджера не видит, что делают другие роли: не хватает pg_monitor
reason-doctor-shop = все показатели магазина читаются
reason-doctor-advice-rights = Команды, которые дают эти права, — в docs/least-rights.md.
reason-doctor-http = { $address } свободен
reason-doctor-http-taken = { $address } занять нельзя ({ $problem }); менеджер работал бы без него и пробовал снова
reason-doctor-advice-http-taken = Задайте другой http.port или http: null.
reason-doctor-http-open = { $address } доступен снаружи, и HTTP_TOKEN пойдёт по сети открыто
reason-doctor-advice-http-open = Задайте http.host: 127.0.0.1 и пользуйтесь туннелем или обратным прокси с TLS.
reason-doctor-clock = часы сверяются
reason-doctor-clock-drifts = часы никто не сверяет: время в сообщениях будет неверным
reason-doctor-clock-unknown = узнать, кто сверяет часы, не удалось
reason-doctor-advice-clock = timedatectl set-ntp true или установите chrony.
reason-doctor-watches-none = у ядра не осталось наблюдений (inotify) для этой учётной записи: конец процесса заметен в течение секунды, а не сразу
reason-doctor-advice-watches = Их занимает другая программа. sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=1048576, и те же две строки в файл в /etc/sysctl.d, чтобы так и осталось.
reason-doctor-pictures = графики рисуются
reason-doctor-advice-pictures = Снова выполните npm ci --ignore-scripts в папке менеджера: нет шрифта или canvas.

## резервная копия (store/backup.ts)
reason-backup-nothing = Копировать пока нечего: { $file } нет. Запустите команду там, где работает менеджер, или задайте ORBIT_DATA_DIR.
reason-backup-exists = { $file } уже есть и останется как есть; укажите другой файл.
reason-backup-no-room = Для { $file } нет места: не хватает { $missing } МБ.
reason-backup-unwritable = { $file } не удалось создать: { $problem ->
    [ENOENT] такой папки нет
    [EACCES] этому пользователю нельзя писать туда или читать данные менеджера
    [EROFS] эта файловая система только для чтения
    [ENOSPC] диск заполнен
   *[other] { $problem }
}.
reason-backup-damaged = Данные повреждены ({ $found }); копия удалена. Сохраните то, что есть, и восстановите прежнюю копию.

## http: страница состояния (http/page.ts)
page-alerts = Открытые оповещения
page-no-alerts = Нет. Всё спокойно.
page-services = Сервисы
page-panels = Панели
page-about = на { $time } · менеджер { $version }, работает { $uptime }
page-since = уже { $since }
page-taken = взял(а) { $by }
page-restarts =
    { $restarts ->
        [one] { $restarts } перезапуск
        [few] { $restarts } перезапуска
       *[many] { $restarts } перезапусков
    }
page-nodes = ноды: { $up } из { $total } на связи
page-online =
    { $online ->
        [one] { $online } пользователь онлайн
        [few] { $online } пользователя онлайн
       *[many] { $online } пользователей онлайн
    }
page-foot = Обновляется сама каждые { $seconds } с. Страница только показывает; действия — в чате или командой orbit.
page-login = Нужен пароль
page-login-how = Имя любое, пароль — значение HTTP_TOKEN. Обновите страницу, чтобы ввести его снова.

## графики и показатели (charts/, measures.ts)

chart-last = посл.
chart-min = мин.
chart-avg = сред.
chart-max = макс.
chart-starts = { $starts ->
    [one] { $starts } запуск
    [few] { $starts } запуска
   *[many] { $starts } запусков
}
chart-incidents = { $incidents ->
    [one] { $incidents } инцидент
    [few] { $incidents } инцидента
   *[many] { $incidents } инцидентов
}
chart-warnings = { $warnings ->
    [one] { $warnings } предупреждение
    [few] { $warnings } предупреждения
   *[many] { $warnings } предупреждений
}
chart-more = и ещё { $more }
chart-nothing = ничего не измерено
chart-several = Сравнение сервисов
chart-compared = { $what } по сервисам
chart-dashboard = Все сервисы
reason-chart-no-data = за это время ничего не измерено; числа приходят от проверок работающих сервисов: выберите диапазон длиннее или подождите минуту
reason-chart-late = картинка не была готова за { $seconds } с, рисование прервано; попробуйте диапазон короче
reason-chart-failed = картинку не удалось нарисовать; причина в журнале менеджера
reason-chart-busy = рисуется слишком много картинок; попробуйте чуть позже
metric-cpu = Процессор
metric-memory = Память
metric-memory-rss = Память (RSS)
metric-memory-share = Память от лимита
metric-memory-of-host = Память от всей машины
metric-memory-available = Свободная память
metric-threads = Потоки
metric-processes = Процессы
metric-open-files = Открытые файлы
metric-open-files-used = Файлы от лимита
metric-latency = Задержка
metric-restarts = Перезапуски
metric-uptime = Время работы
metric-iowait = Ожидание диска
metric-steal = Steal
metric-load-per-core = Нагрузка на ядро
metric-swap = Подкачка
metric-disk = Диск
metric-disk-free = Свободно на
metric-inodes = Индексные узлы
metric-received = Принято
metric-sent = Отправлено
metric-net-errors = Ошибки сети
metric-clock-offset = Сдвиг часов
metric-fragmentation = Фрагментация
metric-keys = Ключи
metric-hit-rate = Попадания в кэш
metric-clients = Клиенты
metric-blocked-clients = Ждущие клиенты
metric-ops = Операции
metric-evicted = Вытеснено
metric-expired = Истекло
metric-rejected = Отклонено
metric-errors = Ошибки
metric-replicas = Реплики
metric-replication-lag = Отставание реплики
metric-connections = Подключения
metric-connection-share = Подключения от лимита
metric-active = Активные
metric-idle = Простаивают
metric-idle-in-transaction = Висят в транзакции
metric-size = Размер
metric-matches = Совпадения
metric-exit-code = Код выхода
metric-duration = Длительность
metric-days-left = Осталось дней
metric-waiting = Ждут блокировку
metric-slow-queries = Медленные запросы
metric-longest-query = Самый долгий запрос
metric-longest-transaction = Самая долгая транзакция
metric-transactions = Транзакции
metric-rollbacks = Откаты
metric-rows-read = Прочитано строк
metric-rows-written = Записано строк
metric-cache-hit = Найдено в кэше
metric-deadlocks = Взаимоблокировки
metric-temp-files = Временные файлы
metric-temp-bytes = Временные данные
metric-wraparound = Исчерпание номеров
metric-replay-lag = Отставание воспроизведения
metric-users-online = Пользователи онлайн
metric-cpu-brief = ЦП
metric-memory-brief = ОЗУ
metric-latency-brief = Отв.

## panels: что не так с панелью или нодой, что делать, что сделает действие (panels/)
reason-panel-address = адрес не похож на веб-адрес; он должен начинаться с http:// или https://
reason-panel-no-credentials = нет имени или пароля ({ $where })
reason-panel-refused = не принимает соединения: процесс не работает, или порт другой
reason-panel-name-unknown = имя не находится в DNS
reason-panel-no-route = до сервера нет пути
reason-panel-cut-off = оборвала соединение
reason-panel-socket = соединение не удалось ({ $code })
reason-panel-timeout = не ответила вовремя
reason-panel-no-answer = не отвечает
reason-panel-tls-expired = её сертификат истёк
reason-panel-tls-not-yet = её сертификат ещё не действует; проверьте часы
reason-panel-tls-self-signed = её сертификат подписан ею самой; если так задумано, укажите для этой панели insecure_tls: true
reason-panel-tls-chain = сертификат отдаётся без того, который его заверяет; отдавайте цепочку целиком
reason-panel-tls-name = её сертификат выдан на другое имя
reason-panel-tls-other = защищённое соединение не устанавливается ({ $code })
reason-panel-not-http = отвечает не по HTTP; возможно, нужен https:// вместо http://
reason-panel-redirects = отсылает на { $to }; если это верно, укажите этот адрес в настройках
reason-panel-too-large = ответ больше любого разумного
reason-panel-cancelled = прервано, ответа не дождались
reason-panel-busy = к этой панели уже слишком много запросов; попробуйте чуть позже
reason-panel-password-rejected = не принимает пароль пользователя { $username }
reason-panel-token-refused = не принимает токен, который сама выдала (или ключ API)
reason-panel-not-allowed = этой учётной записи такое не видно: нужен администратор с правами sudo
reason-panel-proxy-forbids = запрос запрещает что-то перед панелью (прокси, брандмауэр)
reason-panel-path-unknown = отвечает не так, как панель: верен ли адрес?
reason-panel-not-found = там такого нет: { $detail }
reason-panel-rate-limited = просит спрашивать реже (429)
reason-panel-server-error = отвечает внутренней ошибкой ({ $status })
reason-panel-says-no = панель говорит: { $detail }
reason-panel-odd-status = отвечает со статусом { $status }
reason-panel-not-json = отвечает страницей вместо данных
reason-panel-not-a-panel = принимает вход, но токена не даёт: точно ли это адрес панели?
reason-panel-odd-answer = ответ не удаётся понять (поле { $field })

reason-panel-login-rejected = панель не принимает пароль из настроек
reason-panel-login-unauthorized = панель не принимает собственный токен
reason-panel-login-forbidden = у учётной записи из настроек нет прав sudo: ноды не видны
reason-panel-core-down = xray на сервере самой панели не работает
reason-panel-core-restarts =
    по журналу xray на самой панели за последний час перезапускался { $restarts ->
        [one] { $restarts } раз
        [few] { $restarts } раза
       *[many] { $restarts } раз
    }, а панель об этом молчит
reason-panel-node-restarts =
    по журналу xray на { $node } за последний час перезапускался { $restarts ->
        [one] { $restarts } раз
        [few] { $restarts } раза
       *[many] { $restarts } раз
    }, а панель считает её подключённой
reason-panel-recorder-stuck = трафик больше не учитывается, хотя пользователи в сети
reason-panel-node-error =
    { $node } не работает: { $failure ->
        [refused] служба ноды не принимает соединения
        [timeout] нода не отвечает панели вовремя
        [tls] защищённое соединение с ней не устанавливается
        [xray-start-failed] там не запускается xray
        [session-stolen] той же нодой пользуется другая панель
        [grpc-api] там не отвечает API xray
       *[unknown] панель не говорит почему
    }
reason-panel-node-error-says = { $node } не работает: { $message }
reason-panel-node-stuck = { $node } подключается дольше минуты
reason-panel-node-flapping = { $node } то есть, то нет
reason-panel-node-limited = { $node } исчерпала свой лимит трафика
reason-panel-certificate =
    сертификат { $host } кончается через { $days ->
        [0] неполный день
        [one] { $days } день
        [few] { $days } дня
       *[many] { $days } дней
    }
reason-panel-affects-users =
    { $users ->
        [one] на ней был { $users } пользователь
        [few] на ней было { $users } пользователя
       *[many] на ней было { $users } пользователей
    }
reason-panel-affects-share = сегодня через неё прошло { $percent } % трафика панели
reason-panel-certificate-over = сертификат { $host } истёк
reason-panel-pick-down = бот магазина отдаёт новых пользователей на { $node } панели { $panel }, а она не работает: без трафика она кажется самой свободной
reason-panel-share =
    { $node } несёт { $percent } % сегодняшнего трафика { $nodes ->
        [one] { $nodes } ноды
       *[many] { $nodes } нод
    }

reason-panel-over-unreachable =
    панель снова отвечает, спустя { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    }
reason-panel-over-login = вход снова работает
reason-panel-over-blind = ноды снова видны
reason-panel-over-core =
    xray снова работает, спустя { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    }
reason-panel-over-restarts = xray не перезапускался уже час
reason-panel-over-recorder = трафик снова учитывается
reason-panel-over-node =
    { $node } снова подключена, спустя { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    }
reason-panel-over-node-gone = { $node } удалена из панели
reason-panel-over-node-disabled = { $node } выключена в панели
reason-panel-over-certificate = сертификат обновлён
reason-panel-over-pick = выбор бота магазина снова работает
reason-panel-over-share = доля снова обычная

reason-panel-advice-all-down = посмотрите на контейнер панели и её сервер: пока панель не работает, не работает ни один её пользователь
reason-panel-advice-users-down =
    посмотрите на контейнер панели и её сервер: пока панель не работает, не работает ни один её пользователь (в сети { $users ->
        [one] был { $users }
        [few] было { $users }
       *[many] было { $users }
    })
reason-panel-advice-blind = её пользователи, возможно, в порядке: не видим её только мы
reason-panel-advice-rejected = укажите верный пароль; до тех пор входить не пытаемся: о каждой неудаче панель пишет в чат владельца
reason-panel-advice-unauthorized = проверьте, что по этому адресу отвечает одна панель; если используется ключ API, создайте новый
reason-panel-advice-forbidden = дайте учётной записи права sudo или укажите ту, у которой они есть
reason-panel-advice-core = посмотрите журнал панели: xray не запускается из-за настроек или занятого порта
reason-panel-advice-recorder = перезапустите контейнер панели: пока трафик не учитывается, лимиты и сроки не действуют
reason-panel-advice-node-host = сервер и отсюда не принимает соединения на { $address }: проверьте его, хостинг, брандмауэр
reason-panel-advice-container = сама нода на своём порту отвечает: помогает, насколько известно, только перезапуск контейнера панели
reason-panel-advice-stuck = если так и останется, посмотрите журнал ноды; пока она подключается, переподключение ничего не делает
reason-panel-advice-flapping = проверьте связь между панелью и нодой, память ноды и её журнал
reason-panel-advice-restarts = каждый перезапуск отключает всех: посмотрите последние строки его журнала перед концом и память той машины
reason-panel-advice-limited = увеличьте её лимит или дождитесь нового периода
reason-panel-advice-failure =
    { $failure ->
        [refused] запустите там службу ноды (она должна слушать { $address })
        [timeout] проверьте связь с { $address } и нагрузку ноды
        [tls] заново дайте ноде сертификат панели и проверьте часы на обеих
        [xray-start-failed] освободите порт или исправьте настройки ядра: подробности в журнале ноды
        [session-stolen] уберите ноду из другой панели или вторую запись из этой
        [grpc-api] проверьте, что порт API ноды открыт для панели
       *[unknown] посмотрите журнал ноды ({ $address })
    }
reason-panel-advice-certificate = обновите его: с этого дня клиенты перестанут ему доверять
reason-panel-advice-pick = из работающих свободнее всех { $node }; до восстановления внесите другую в excluded_node_names
reason-panel-advice-share = отдавайте больше пользователей другим или уменьшите её вес

reason-panel-ask-reconnect-node =
    все, кто на { $node }, отключатся: { $users ->
        [one] { $users } пользователь
        [few] { $users } пользователя
       *[many] { $users } пользователей
    }. Через несколько секунд они смогут подключиться снова
reason-panel-ask-reconnect-node-all = все, кто на { $node }, отключатся (сколько их, панель не говорит) и через несколько секунд смогут подключиться снова
reason-panel-ask-reconnect-node-idle = { $node } не подключена: никто не отключится
reason-panel-ask-disable-node =
    { $node } выключится, и все, кто на ней, отключатся: { $users ->
        [one] { $users } пользователь
        [few] { $users } пользователя
       *[many] { $users } пользователей
    }
reason-panel-ask-disable-node-all = { $node } выключится, и все, кто на ней, отключатся (сколько их, панель не говорит)
reason-panel-ask-disable-node-idle = { $node } выключится; на ней никого нет
reason-panel-ask-enable = { $node } включится и подключится
reason-panel-ask-core =
    xray перезапустится на панели и на каждой ноде, и отключатся все (в сети { $users ->
        [one] был { $users } пользователь
        [few] было { $users } пользователя
       *[many] было { $users } пользователей
    }); через несколько секунд они смогут подключиться снова
reason-panel-ask-core-all = xray перезапустится на панели и на каждой ноде, и отключатся все; через несколько секунд они смогут подключиться снова
reason-panel-ask-panel =
    { $service } перезапустится: пока панель снова не ответит (обычно меньше минуты), не работают все её пользователи (онлайн по счёту панели: { $users }), и xray остановится на { $nodes ->
        [one] её { $nodes } ноде
       *[other] её { $nodes } нодах
    }
reason-panel-ask-panel-all =
    { $service } перезапустится: пока панель снова не ответит (обычно меньше минуты), не работают все её пользователи, и xray остановится на { $nodes ->
        [one] её { $nodes } ноде
       *[other] её { $nodes } нодах
    }
reason-panel-ask-user-enable = { $user } снова сможет пользоваться VPN
reason-panel-ask-user-disable = { $user } будет отключён сразу
reason-panel-ask-user-reset-traffic = трафик { $user } снова считается с нуля
reason-panel-ask-user-extend =
    срок { $user } кончится на { $days ->
        [one] { $days } день
        [few] { $days } дня
       *[many] { $days } дней
    } позже (если уже кончился, отсчёт пойдёт с этой минуты)

reason-panel-done-connected = { $node } подключена
reason-panel-done-disabled = { $node } выключена
reason-panel-done-core =
    xray перезапущен; { $nodes ->
        [one] подключена { $nodes } нода
        [few] подключены { $nodes } ноды
       *[many] подключено { $nodes } нод
    }
reason-panel-done-panel =
    панель снова отвечает; { $nodes ->
        [one] подключена { $nodes } нода
        [few] подключены { $nodes } ноды
       *[many] подключено { $nodes } нод
    }
reason-panel-no-service = неизвестно, каким сервисом этого хоста работает панель; назовите его в service: её записи в panels:
reason-panel-reconnect-tried = менеджер переподключил её; панель приняла команду
reason-panel-reconnect-refused = менеджер попросил переподключить её, панель отказала
reason-panel-reconnect-helped = после переподключения менеджером нода подключена
reason-panel-reconnect-useless = переподключение менеджером за минуту не помогло
reason-panel-not-done = панель приняла указание, но { $node } всё ещё { $status }
reason-panel-not-done-connecting = панель приняла указание, но { $node } так и не подключается
reason-panel-not-done-core =
    панель приняла указание, но { $nodes ->
        [one] { $nodes } нода не подключена
        [few] { $nodes } ноды не подключены
       *[many] { $nodes } нод не подключено
    }
reason-panel-node-unknown = ноды { $node } больше нет
reason-panel-user-endless = у { $user } нет срока, который можно продлить
reason-panel-user-now = { $user } теперь { $status }
reason-panel-user-until = { $user }: { $status }, теперь до { $day }
reason-panel-user-not-done = панель приняла указание, но { $user } — { $status }

## supervision: restarts for what runs but ails
reason-restarting-ailing = перезапускаю, сам не поправляется
reason-restarts-useless =
    перезапуск не помогает ({ $restarts ->
        [one] { $restarts } перезапуск
        [few] { $restarts } перезапуска
       *[many] { $restarts } перезапусков
    } за { $minutes } мин); оставляю как есть, нужен человек
reason-over-memory = занимает { $used } МБ памяти, больше своих { $limit } МБ

## checks: PostgreSQL, таблицы магазина (checks/)
reason-postgres-wrong-password = { $address } не принимает пароль { $user }
reason-postgres-no-password = { $address } требует пароль для { $user }, а он не задан
reason-postgres-no-entry = { $address } не пускает { $user } (pg_hba.conf или роль без права входа)
reason-postgres-no-database = на { $address } нет базы { $database }
reason-postgres-no-right = спросить { $address } не удалось: у { $user } нет нужного права
reason-postgres-no-tls = { $address } не говорит на TLS, а его адрес этого требует
reason-postgres-role-limit = спросить { $address } не удалось: у роли { $user } уже столько соединений, сколько ей можно
reason-postgres-too-many-connections = у { $address } не осталось соединений
reason-postgres-starting = { $address } запускается, восстанавливается или останавливается
reason-postgres-shutting-down = { $address } останавливается
reason-postgres-too-slow = { $address } не успел ответить на простой вопрос
reason-postgres-pooler = спросить { $address } не удалось: там посредник (пул соединений); нужен адрес самого сервера
reason-postgres-error = { $address } говорит: { $text } ({ $code })
reason-postgres-connections = занято соединений: { $used } из { $max } возможных
reason-postgres-blocked =
    { $count ->
        [one] { $count } запрос ждёт
        [few] { $count } запроса ждут
       *[many] { $count } запросов ждут
    } блокировки, дольше всех { $seconds } с
reason-postgres-long-query = один запрос выполняется уже { $seconds } с
reason-postgres-idle-in-transaction = одна транзакция открыта и ничего не делает уже { $seconds } с
reason-postgres-deadlocks =
    { $count ->
        [one] { $count } взаимная блокировка
        [few] { $count } взаимные блокировки
       *[many] { $count } взаимных блокировок
    } с прошлого раза
reason-postgres-cache = с прошлого раза в его кэше нашлось только { $percent } % данных
reason-postgres-standby = резервный сервер ничего не получает от основного
reason-postgres-archiver =
    архивировать его журнал не удаётся ({ $count ->
        [one] уже { $count } неудача
        [few] уже { $count } неудачи
       *[many] уже { $count } неудач
    }): диск заполнится
reason-postgres-slot = слот репликации { $name } никто не читает, из-за него на диске лежит { $gigabytes } ГБ
reason-postgres-slot-lost = слот репликации { $name } потерял то, что ещё нужно его читателю
reason-postgres-wraparound = база { $name } прошла { $percent } % пути до исчерпания номеров транзакций: vacuum не успевает
reason-postgres-dead-rows =
    { $percent } % строк таблицы { $table } мертвы ({ $dead ->
        [one] { $dead } строка
        [few] { $dead } строки
       *[many] { $dead } строк
    }): vacuum не успевает
reason-postgres-hidden =
    неизвестно: { $count ->
        [one] { $count } чужая сессия не видна
        [few] { $count } чужие сессии не видны
       *[many] { $count } чужих сессий не видно
    }; нужно GRANT pg_monitor TO { $user }
reason-postgres-figure-locked = сейчас не узнать: таблица заблокирована
reason-postgres-figure-too-slow = не узнать: это слишком долго
reason-postgres-figure-no-right = не узнать: нет права
reason-postgres-figure-not-there = в этой версии такого нет
reason-shop-no-table = таблицы { $table } нет
reason-shop-no-column = в таблице { $table } нет столбца { $column }
reason-shop-no-right = { $user } нельзя читать { $table }.{ $column }
reason-shop-other-type = { $table }.{ $column } — не момент времени ({ $type })

## supervision: от чего сервис зависит, все сервисы сразу
reason-needs-down =
    { $how ->
        [unseen] не видно, работает ли то, от чего он зависит: { $names }
        [mixed] то, от чего он зависит, не работает или его не видно: { $names }
       *[down]
            { $count ->
                [one] не работает сервис, от которого он зависит: { $names }
               *[other] не работают сервисы, от которых он зависит: { $names }
            }
    }
reason-need-not-started = не удалось запустить то, от чего он зависит: { $name }
cli-help-all-start = все сервисы, каждый после тех, от которых зависит
cli-help-all-stop = все сервисы, сначала зависимые
cli-help-all-restart = все сервисы, кроме остановленных, каждый после тех, от которых зависит
cli-help-with-dependencies = сначала запустить то, от чего он зависит
cli-help-force = даже если то, от чего он зависит, не работает
cli-start-what = Укажите, какой сервис запустить, или --all.
cli-stop-what = Укажите, какой сервис остановить, или --all.
cli-restart-what = Укажите, какой сервис перезапустить, или --all.
cli-needs-down = Ничего не сделано. С --with-dependencies сначала запустится то, что ему нужно; с --force он обойдётся без этого.
cli-doing-start-all = Запускаю все сервисы …
cli-doing-stop-all = Останавливаю все сервисы …
cli-doing-restart-all = Перезапускаю все сервисы …
cli-nothing-to-start = Запускать нечего.
cli-nothing-to-stop = Останавливать нечего.
cli-nothing-to-restart = Перезапускать нечего.
chat-ask-needs =
    { $how ->
        [unseen] Он зависит от <b>{ $title }</b>, а работает ли тот, не видно: { $state }.
       *[down] Он зависит от <b>{ $title }</b>, а тот не работает: { $state }.
    }
chat-ask-needed-by = От него зависят: { $titles }.
button-first-start = Сначала запустить { $title }
button-first-start-all = Сначала запустить, от чего зависит
button-anyway-start = Всё равно запустить
button-anyway-restart = Всё равно перезапустить

## configuration: reload (supervisor/reload.ts, cli/config-reload.ts)
reason-reload-busy = конфигурация уже перечитывается
reason-reload-outdated = конфигурацию за это время посмотрели ещё раз; взгляните на изменения снова
reason-reload-service-busy = оставлен как есть: сейчас запускается или останавливается; перечитайте конфигурацию чуть позже
reason-reload-other-thing = оставлен как есть: под этим именем теперь другое, а прежнее ещё работает; перечитайте с перезапуском или сначала остановите
reason-reload-taken = новые настройки действуют
reason-reload-next-start = новые настройки действуют; команда и окружение — со следующего запуска
reason-reload-restarted = перезапущен с новыми настройками
reason-reload-tried-again = от его запуска уже отказались; запущен снова, с новыми настройками
reason-reload-added = добавлен, запускается
reason-reload-adopted = добавлен, уже работал
reason-reload-let-go = отпущен: работает дальше, но за ним никто не следит
reason-reload-stopped = остановлен и убран
cli-reload-nothing = Ничего не изменилось.
cli-reload-added = + { $service }: добавляется и запускается
cli-reload-removed = - { $service }: отпускается и работает дальше (--stop-removed останавливает)
cli-reload-now = ~ { $service }: { $keys } (сразу)
cli-reload-next-start = ~ { $service }: { $keys } (со следующего запуска; --restart перезапускает)
cli-reload-other-thing = ~ { $service }: { $keys } (уже другое: пока работает прежнее — только с --restart)
cli-reload-section-now = ~ { $key } (сразу)
cli-reload-section-manager-restart = ~ { $key } (после перезапуска менеджера; сервисы при этом работают дальше)
cli-reload-question = Применить? [y/N, да/нет]{" "}
cli-reload-broken = Ничего не изменено: действует то, что было.
cli-reload-not-applied = Ничего не применено. Применит --yes.
cli-reload-outcome = { $service }: { $what }
cli-reload-done = Конфигурация действует.

## Telegram: все сервисы сразу, конфигурация (telegram/screens/all.ts, telegram/screens/reload.ts)
button-all = Все сразу…
button-all-start = Запустить все
button-all-stop = Остановить все
button-all-restart = Перезапустить все
button-all-yes-start = Да, запустить все
button-all-yes-stop = Да, остановить все
button-all-yes-restart = Да, перезапустить все
button-reload = Перечитать конфигурацию
button-reload-restart = Перезапустить то, что со старыми настройками
button-reload-stop = Остановить то, чего в ней больше нет
button-reload-yes = Применить
button-reload-again = Посмотреть снова
chat-and-more = … и ещё { $count }
chat-all = Все сервисы сразу
chat-all-now = Работает { $running } из { $total }.
chat-all-explained = Каждый запускается после тех, от которых зависит, а останавливается раньше них. Перед этим я переспрошу.
chat-all-ask-start = Запустить все сервисы?
chat-all-ask-stop = Остановить все сервисы?
chat-all-ask-restart = Перезапустить все сервисы?
chat-all-will-start =
    { $count ->
        [one] Запустится { $count } сервис:
        [few] Запустятся { $count } сервиса, каждый после тех, от которых зависит:
       *[many] Запустятся { $count } сервисов, каждый после тех, от которых зависит:
    }
chat-all-will-stop =
    { $count ->
        [one] Остановится { $count } сервис:
        [few] Остановятся { $count } сервиса, сначала зависимые:
       *[many] Остановятся { $count } сервисов, сначала зависимые:
    }
chat-all-will-restart =
    { $count ->
        [one] Перезапустится { $count } сервис:
        [few] Перезапустятся { $count } сервиса, каждый после тех, от которых зависит:
       *[many] Перезапустятся { $count } сервисов, каждый после тех, от которых зависит:
    }
chat-all-stopped =
    { $stopped ->
        [one] { $stopped } из них остановил оператор.
       *[many] { $stopped } из них остановили операторы.
    }
chat-all-stop-then = С этого момента ими нельзя будет пользоваться. Они не запустятся, в том числе после перезапуска менеджера, пока их не запустят. Сам менеджер работает дальше.
chat-all-restart-then = Каждым нельзя будет пользоваться, пока он не поднимется. То, что остановил оператор, не запустится.
chat-all-none-start = Сейчас запускать нечего.
chat-all-none-stop = Сейчас останавливать нечего.
chat-all-none-restart = Сейчас перезапускать нечего.
chat-all-doing-start = Запускаю все сервисы… готово { $ended } из { $total } (по просьбе: { $by })
chat-all-doing-stop = Останавливаю все сервисы… готово { $ended } из { $total } (по просьбе: { $by })
chat-all-doing-restart = Перезапускаю все сервисы… готово { $ended } из { $total } (по просьбе: { $by })
chat-all-done-start =
    { $done ->
        [one] Запущен { $done } сервис за { $took } (по просьбе: { $by })
        [few] Запущено { $done } сервиса за { $took } (по просьбе: { $by })
       *[many] Запущено { $done } сервисов за { $took } (по просьбе: { $by })
    }
chat-all-done-stop =
    { $done ->
        [one] Остановлен { $done } сервис за { $took } (по просьбе: { $by })
        [few] Остановлено { $done } сервиса за { $took } (по просьбе: { $by })
       *[many] Остановлено { $done } сервисов за { $took } (по просьбе: { $by })
    }
chat-all-done-restart =
    { $done ->
        [one] Перезапущен { $done } сервис за { $took } (по просьбе: { $by })
        [few] Перезапущено { $done } сервиса за { $took } (по просьбе: { $by })
       *[many] Перезапущено { $done } сервисов за { $took } (по просьбе: { $by })
    }
chat-all-failed = Не получилось: { $failed }
chat-reload-owners = Перечитать конфигурацию могут только владельцы.
chat-reload-mistakes =
    { $mistakes ->
        [one] В конфигурации { $mistakes } ошибка
        [few] В конфигурации { $mistakes } ошибки
       *[many] В конфигурации { $mistakes } ошибок
    }
chat-reload-untouched = Ничего не изменено: действует то, что было.
chat-reload-nothing = В конфигурации ничего не изменилось.
chat-reload-ask = Применить эти изменения?
chat-reload-added = <b>{ $service }</b> добавляется и запускается
chat-reload-removed = за <b>{ $service }</b> больше никто не следит; он работает дальше, если не выбрать иное
chat-reload-now = <b>{ $service }</b>: { $keys }, сразу
chat-reload-next-start = <b>{ $service }</b>: { $keys }, со следующего запуска
chat-reload-other-thing = <b>{ $service }</b>: { $keys }, то есть это уже другое: пока работает прежнее, остаётся как есть, если не перезапустить
chat-reload-section-now = { $key }, сразу
chat-reload-section-manager-restart = { $key }, после перезапуска менеджера; сервисы при этом работают дальше
chat-reload-doing = Применяю конфигурацию… (по просьбе: { $by })
chat-reload-done = Конфигурация действует.

## scheduled actions (supervisor/schedules.ts)
reason-skipped-maintenance = пропущено: идут работы
reason-skipped-stopped = пропущено: сервис остановлен человеком
reason-skipped-dependency = пропущено: нужен { $name }, а с ним не всё в порядке
reason-scheduled-failed =
    { $action ->
        [restart] Плановый перезапуск «{ $title }» ({ $cron }) не выполнен; сервис работает как прежде. Причина — в /audit.
        [stop] Плановая остановка «{ $title }» ({ $cron }) не удалась: сервис всё ещё работает. Причина — в /audit.
       *[other] Плановый запуск «{ $title }» ({ $cron }) не удался. Причина — в /audit.
    }

## supervision: services that somebody else looks after
reason-own-policy = его перезапускает собственная политика
reason-work-done = сделал своё дело и завершился штатно
reason-own-policy-loops = собственная политика запускает его снова и снова, менеджер ей не мешает
reason-left-down = собственная политика оставила его лежать, нужен человек
reason-stopped-elsewhere = остановлен кем-то помимо менеджера, так и оставлен

## delivery: other channels, Telegram away (supervisor/delivery.ts, outbox/email.ts, outbox/webhook.ts)
incident-telegram-away = Оповещения не доходят до Telegram
incident-telegram-away-still = Оповещения всё ещё не доходят до Telegram, уже { $for }
incident-telegram-away-over = Оповещения снова доходят до Telegram, перерыв { $for }
chat-alert-telegram-away = оповещения не доходят до Telegram
cli-what-telegram-away = нет Telegram
incident-manager-away = Менеджер остановлен. Сервисы работают дальше, но до его возвращения за ними никто не следит
incident-manager-away-still = Менеджер всё ещё остановлен, уже { $for }
incident-manager-away-over = Менеджер снова работает, перерыв { $for }
incident-restarted = Менеджер перезапущен; без присмотра было { $for }
chat-alert-manager-away = остановлен
cli-what-manager-away = остановлен
reason-manager-stopped = намеренно ({ $why })
reason-manager-rebooted = сервер был перезагружен
reason-telegram-away =
    ничего не доходит уже { $minutes } мин, { $waiting ->
        [one] ждёт { $waiting } оповещение
        [few] ждут { $waiting } оповещения
       *[many] ждут { $waiting } оповещений
    }; пока это так, всё приходит сюда
reason-telegram-away-alone =
    ничего не доходит уже { $minutes } мин, { $waiting ->
        [one] ждёт { $waiting } оповещение
        [few] ждут { $waiting } оповещения
       *[many] ждут { $waiting } оповещений
    }; e-mail или webhook на замену не настроены
reason-telegram-was-away =
    Telegram был недоступен { $minutes } мин, { $delayed ->
        [0] ничего не задержалось.
        [one] задержалось { $delayed } оповещение.
        [few] задержались { $delayed } оповещения.
       *[many] задержалось { $delayed } оповещений.
    }
reason-chat-unreachable = В чат { $chat } нельзя писать; его оповещения ждут, пока кто-нибудь оттуда не напишет этому боту.
reason-channel-off = этот канал больше не настроен
reason-email-login = почтовый сервер не принимает логин
reason-email-no-answer = почтовый сервер не отвечает ({ $detail })
reason-email-refused = почтовый сервер отказывает ({ $detail })
reason-webhook-no-answer = webhook не отвечает ({ $detail })
reason-webhook-refused = webhook отвечает { $status }
chat-alerts-dead =
    { $dead ->
        [one] { $dead } оповещение за неделю отвергнуто окончательно
        [few] { $dead } оповещения за неделю отвергнуты окончательно
       *[many] { $dead } оповещений за неделю отвергнуто окончательно
    }
chat-alerts-dropped =
    { $dropped ->
        [one] { $dropped } оповещение отброшено: слишком много ждало
        [few] { $dropped } оповещения отброшены: слишком много ждало
       *[many] { $dropped } оповещений отброшено: слишком много ждало
    }
cli-dead =
    { $dead ->
        [one] { $dead } оповещение за неделю отвергнуто окончательно
        [few] { $dead } оповещения за неделю отвергнуты окончательно
       *[many] { $dead } оповещений за неделю отвергнуто окончательно
    }
cli-dropped =
    { $dropped ->
        [one] { $dropped } оповещение отброшено: слишком много ждало
        [few] { $dropped } оповещения отброшены: слишком много ждало
       *[many] { $dropped } оповещений отброшено: слишком много ждало
    }

## watching the watcher (core/life.ts)
reason-manager-started = Менеджер снова работает. Его не было { $length } { $unit ->
        [s] с
        [min] мин
        [h] ч
       *[d] д
    }: { $cause ->
        [stopped] его остановили как положено. Сервисы продолжали работать.
        [rebooted] сервер был перезагружен, и сервисы вместе с ним.
        [poller] он перестал слышать Telegram и запустил себя заново. Сервисы продолжали работать.
       *[killed] его убили или он упал. Сервисы продолжали работать.
    } О случившемся за это время сообщено отдельно.
reason-token-refused = Telegram не принимает MANAGER_BOT_TOKEN (401): в нём опечатка, или он отозван. Верный показывает @BotFather: /mybots → API Token. Сервисы оставлены как есть.

## panels: their incidents (core/incident.ts, telegram/screens/alert.ts)
incident-panel = { $title }: неполадка
incident-panel-still = { $title }: неполадка всё ещё длится, уже { $for }
incident-panel-over = { $title }: снова в порядке, прошло { $for }
chat-alert-panel = неполадка
cli-what-panel = неполадка
alert-whom = Кого касается: { $whom }
alert-advice = Что делать: { $advice }
button-panel = Панель
reason-panels-none = панелей нет: ни таблица магазина, ни его окружение, ни конфигурация их не называют
reason-panels-trouble = неполадки: { $names }
reason-panels-not-yet = панели ещё не опрошены

## panels: on the command line (cli/panels.ts)
cli-help-marzban = VPN-панели
cli-help-marzban-list = показать все панели: состояние, пользователи, ноды
cli-help-marzban-check = опросить одну панель обо всём прямо сейчас
cli-help-panel = id панели, как в marzban list
cli-panels-none = Панелей нет. Задайте DATABASE_URL (таблица магазина), MARZBAN_BASE_URL, MARZBAN_USERNAME и MARZBAN_PASSWORD или panels: в конфигурации.
cli-panel-inactive = выкл.
cli-column-panel = ПАНЕЛЬ
cli-column-users = ПОЛЬЗОВАТЕЛИ
cli-column-online = ОНЛАЙН
cli-column-nodes = НОДЫ
cli-column-node = НОДА
cli-column-address = АДРЕС
node-state =
    { $state ->
        [up] работает
        [down] не работает
        [connecting] подключается
        [disabled] выключена
        [limited] лимит
       *[unknown] неизвестно
    }
panel-online =
    { $window ->
        [now] { $users } онлайн сейчас
        [minutes] { $users } онлайн (последние минуты)
        [day] { $users } онлайн за 24 ч
       *[unknown] { $users } онлайн
    }
reason-control-unknown-panel = панели { $panel } нет; см. orbit marzban list
cli-panel-users = Пользователи: { $total }, { $online }

## panels: pictures (charts/panel-bars.ts, charts/panel-pictures.ts, telegram/screens/panel-chart.ts)
panel-plot-users = Пользователи
panel-plot-traffic = Трафик
panel-plot-by-node = Трафик по нодам
panel-plot-nodes = Ноды
panel-plot-host = Хост
panel-plot-balance = Баланс
panel-plot-days = Доступность
panel-plot-uptime = Работа
panel-plot-online =
    { $hours ->
        [0] Онлайн за { $minutes } мин
       *[other] Онлайн за { $hours } ч
    }
panel-bars-online = Онлайн
panel-bars-assumed = Польз. (≈)
panel-bars-day = Трафик сегодня
panel-bars-month = За 30 дней
panel-bars-score = Оценка: бот / мы
panel-bars-bot = ◂ выбор бота
panel-bars-ours = ◂ лучше
panel-bars-both = ◂ выбор бота
panel-bars-excluded = исключена
panel-bars-no-pick = выбор бота магазина пока неизвестен
panel-bars-pick = меньшая оценка побеждает: новые идут на { $node }
panel-bars-pick-better = меньшая оценка побеждает: новые идут на { $node }; лучше { $better }
panel-bars-days =
    { $days ->
        [one] Сегодня
        [few] { $days } дня
       *[many] { $days } дней
    }
panel-bars-watched = от времени наблюдения; справа — сколько не работала за 30 дней
reason-panel-plot-no-nodes = у этой панели нет нод
metric-up = Работает (1) или нет (0)
metric-users-total = Пользователей
metric-users-active = Активные
metric-users-on-hold = Отложенные
metric-users-disabled = Выключенные
metric-users-expired = Истёкшие
metric-users-limited = Без трафика
metric-traffic-up = Отдано
metric-traffic-down = Скачано
metric-traffic-today-up = Отдано сегодня
metric-traffic-today-down = Скачано сегодня
metric-rate-up = Отдача
metric-rate-down = Скачивание
metric-core-running = Ядро работает
metric-core-stops-last-hour = Остановок ядра за час
metric-nodes-total = Нод
metric-nodes-up = Нод работает
metric-nodes-down = Нод не работает
metric-certificate-days = Сертификат, дней осталось
metric-available-today = Доступность сегодня

## Who uses the machine

button-top = Кто занимает машину?
chat-top = Кто занимает машину
chat-top-measuring = Секунду, измеряю…
# Of no service: of something that the manager does not supervise
chat-top-line =
    { $service ->
        [none] <code>{ $pid }</code> <b>{ $name }</b>: ЦП { $cpu }, { $memory } ({ $share })
       *[other] <code>{ $pid }</code> <b>{ $name }</b>: ЦП { $cpu }, { $memory } ({ $share }) · { $service }
    }
top-cpu =
    { $cores ->
        [one] По ЦП, % одного ядра (всего { $cores } ядро):
        [few] По ЦП, % одного ядра (всего { $cores } ядра):
       *[other] По ЦП, % одного ядра (всего { $cores } ядер):
    }
top-memory = По памяти:
top-measured = Измерено процессов: { $measured } из { $processes }
cli-help-top = показать, какие процессы занимают машину, и чужие тоже
cli-column-name = ИМЯ
cli-column-cpu = ЦП
cli-column-memory = ПАМЯТЬ
cli-column-share = ОТ ХОСТА
reason-top-nothing = в /proc нет ни одного процесса, который можно измерить

## Redis и магазин: в командной строке (cli/cache.ts, cli/shop.ts, cli/store-protocol.ts)
cli-help-cache = Redis: что в нём, и очистка по шаблону
cli-help-cache-stats = показать память, ключи, попадания и шаблоны ключей
cli-help-cache-clear = посчитать ключи шаблона, спросить и удалить их
cli-help-redis = сервис, чей Redis имеется в виду, если их несколько
cli-help-pattern = шаблон ключей, например "user:*:balance" (в кавычках)
cli-help-count = число ключей, для шаблона, под который подходит больше половины
cli-help-users = пользователи магазина
cli-help-users-stats = показать пользователей, подписки, платежи и выручку
cli-cache-count-wrong = Нужно число ключей.
cli-cache-server = Redis
cli-cache-version = { $version }, работает { $for }
cli-cache-latency = Задержка
cli-cache-memory = Память
cli-cache-keys = Ключи
cli-cache-hit-rate = Попадания
cli-cache-clients = Клиенты
cli-cache-missing = Спросить можно не обо всём; дайте права { $rights }
cli-cache-sample = Остальные: { $rest }. Просмотрено { $sampled } из { $total } ключей.
cli-column-pattern = ШАБЛОН
cli-column-keys = КЛЮЧИ
cli-column-each = КАЖДЫЙ
cli-column-life = ЖИТЬ
cli-cache-counting = Считаю … просмотрено { $done } из { $of } ключей
cli-cache-nothing = { $title }: под { $pattern } не подходит ни один ключ.
cli-cache-covers = { $title }: { $pattern } — это { $matching } из { $total } ключей ({ $share }). Например:
cli-cache-most = Это больше половины кэша: чтобы удалить, добавьте --count { $count }.
cli-cache-question =
    Удалить { $matching ->
        [one] { $matching } ключ
        [few] { $matching } ключа
       *[many] { $matching } ключей
    }? [y/N]{" "}
cli-cache-not-cleared = Ничего не удалено. С --yes будет удалено.
cli-cache-clearing = Удаляю … { $done } из { $of }
cli-cache-stopping = Остановлюсь после этой порции …
cli-cache-cleared =
    { $removed ->
        [one] { $removed } ключ удалён за { $took }.
        [few] { $removed } ключа удалены за { $took }.
       *[many] { $removed } ключей удалено за { $took }.
    }
cli-cache-stopped =
    { $removed ->
        [one] Остановлено: { $removed } ключ удалён за { $took }.
        [few] Остановлено: { $removed } ключа удалены за { $took }.
       *[many] Остановлено: { $removed } ключей удалено за { $took }.
    }
cli-cache-failed =
    { $removed ->
        [0] Ничего не удалено: { $why }
        [one] Удалён { $removed } ключ, затем: { $why }
        [few] Удалены { $removed } ключа, затем: { $why }
       *[many] Удалено { $removed } ключей, затем: { $why }
    }
reason-cache-none = Redis не опрашивает ни одна проверка; добавьте её сервису: checks: [{"{"} type: redis, url: "redis://127.0.0.1:6379/0" {"}"}]
reason-cache-which = Redis несколько; скажите, какой, через --redis: { $names }
reason-cache-no-such = Redis { $store } нет; есть { $names }
cli-shop-users = Пользователи
cli-shop-new = Новые сегодня
cli-shop-subscriptions = Подписки
cli-shop-groups = { $active } активны, { $ended } закончились, { $never } не было вовсе
cli-shop-configs = Конфиги
cli-shop-servers = Конфиги по серверам
cli-shop-today = Выручка сегодня
cli-shop-month = Выручка за месяц
cli-shop-last = Последний платёж
cli-shop-stuck = Застрявшие платежи
cli-shop-payments = Платежи
cli-shop-day = День начинается в полночь, пояс { $timezone }; платёж застрял, если ждёт больше часа.
shop-sum =
    { NUMBER($amount, maximumFractionDigits: 2) } { $currency } ({ $payments ->
        [one] { $payments } платёж
        [few] { $payments } платежа
       *[many] { $payments } платежей
    })

## Redis, PostgreSQL и магазин: в чате (telegram/screens/stores.ts, redis.ts, database*.ts, shop.ts, cache-actions.ts)
command-cache = Redis: память, ключи, очистка
command-db = PostgreSQL: подключения, запросы, таблицы
command-users = Магазин: пользователи, подписки, выручка
button-redis = Redis
button-database = PostgreSQL
button-shop = Пользователи
button-redis-overview = Обзор
button-redis-keys = Ключи
button-redis-slow = Медленные команды
button-db-overview = Обзор
button-db-sessions = Подключения
button-db-queries = Запросы
button-db-tables = Таблицы
button-db-wal = WAL, реплики
button-db-statements = Топ запросов
button-clear = Очистить…
button-clear-again = Очистить ещё…
button-clear-stop = Остановить
button-clear-type = Ввести число…
button-clear-yes = Да, удалить { $matching }
button-pattern = { $pattern } · { $sign }{ $keys }
chat-stores-redis = Redis
chat-stores-db = PostgreSQL
chat-stores-choose = Какой из них?
chat-stores-none-redis = Redis не опрашивает ни одна проверка. Добавьте её сервису в services.yaml и перечитайте конфигурацию (<code>orbit config reload</code>):
chat-stores-none-db = PostgreSQL не опрашивает ни одна проверка. Добавьте её сервису в services.yaml и перечитайте конфигурацию (<code>orbit config reload</code>):
chat-stores-example-redis = checks: [{"{"} type: redis, url: "redis://127.0.0.1:6379/0" {"}"}]
chat-stores-example-db = checks: [{"{"} type: postgres, url: "${"{"}DATABASE_URL{"}"}" {"}"}]

chat-redis-server = Redis { $version }, работает { $for }
chat-redis-latency = <b>Задержка:</b> { $now } (медиана { $median })
chat-redis-memory =
    { $of ->
        [limit] <b>Память:</b> { $used } из { $limit } ({ $share } от maxmemory)
        [machine] <b>Память:</b> { $used }, maxmemory не задан ({ $share } от { $limit } машины)
       *[nothing] <b>Память:</b> { $used }, maxmemory не задан
    }
chat-redis-memory-more = · пик { $peak }, резидентно { $rss }, фрагментация { $ratio }, { $policy }
chat-redis-keys = <b>Ключи:</b> { $keys }
chat-redis-keys-expire = <b>Ключи:</b> { $keys } (с истечением { $expire })
chat-redis-hits = <b>Попадания:</b> { $share } из { $lookups } обращений за { $for }
chat-redis-hits-few = <b>Попадания:</b> обращений пока слишком мало
chat-redis-clients = <b>Клиенты:</b> { $clients } из { $max }, ждут { $blocked }
chat-redis-ops = <b>Сейчас:</b> { $ops } оп./с, ↓ { $in }, ↑ { $out }, процессор { $cpu }
chat-redis-deltas = <b>За последние { $for }:</b> вытеснено { $evicted }, истекло { $expired }, отклонено подключений { $rejected }
chat-redis-deltas-none = <b>Вытеснения и отказы:</b> будут известны после двух проверок
chat-redis-errors = <b>Отвечено ошибками:</b> { $errors }
chat-redis-rdb =
    { $when ->
        [off] <b>Снимки:</b> выключены (нет правила save)
        [on] <b>Снимок:</b> { $ok }, { $for } назад, с тех пор { $changes ->
            [one] { $changes } изменение
            [few] { $changes } изменения
           *[many] { $changes } изменений
        }
       *[unknown] <b>Снимок:</b> { $ok }
    }
chat-redis-aof =
    { $on ->
        [on] <b>Журнал (AOF):</b> включён, запись { $write }, перезапись { $rewrite }
       *[off] <b>Журнал (AOF):</b> выключен
    }
chat-redis-primary =
    { $replicas ->
        [0] <b>Репликация:</b> основной, реплик нет
        [one] <b>Репликация:</b> основной, { $replicas } реплика
        [few] <b>Репликация:</b> основной, { $replicas } реплики
       *[many] <b>Репликация:</b> основной, { $replicas } реплик
    }
chat-redis-replica-line = · { $address } { $state }, отстаёт на { $behind }
chat-redis-replica =
    { $link ->
        [up] <b>Репликация:</b> реплика, вести от основного { $for } назад, отстаёт на { $behind }
       *[other] <b>Репликация:</b> реплика, связи с основным нет
    }
chat-redis-restarts =
    { $restarts ->
        [0] <b>Перезапуски:</b> не замечены
       *[other] <b>Перезапуски:</b> { $restarts }, последний в { $last }
    }
chat-redis-slow =
    { $commands ->
        [0] <b>Медленные команды</b> (дольше { $over }): нет
       *[other] <b>Медленные команды</b> (дольше { $over }): { $commands }, самая долгая из новых { $worst }
    }
chat-redis-slow-unknown = <b>Медленные команды:</b> неизвестно
chat-redis-slow-cut = Ключи показаны шаблонами, значения не показаны.
chat-redis-event = Событие { $name }: { $latest } в { $when }, худшее { $worst }
chat-redis-patterns =
    { $all ->
        [all] <b>Шаблоны ключей</b> (просмотрены все { $sampled }
       *[some] <b>Шаблоны ключей</b> (≈, просмотрено { $sampled } из { $total }
    }{ $age ->
        [none] {""}
       *[known] , { $age } назад
    }):
chat-redis-pattern-keys = { $sign }{ $keys }
chat-redis-pattern-size = по { $size }
chat-redis-pattern-life = жить { $for }
chat-redis-others = остальные { $sign }{ $keys }
chat-redis-missing = Спросить можно не обо всём; дайте права { $rights }

chat-cache-what =
    Что очистить в <b>{ $title }</b>? { $offered ->
        [0] Пришлите шаблон, например <code>user:*:balance</code>.
       *[other] Нажмите на шаблон или пришлите свой, например <code>user:*:balance</code>.
    } Сначала я только посчитаю.
chat-cache-left = Ничего не удалено.
chat-cache-counting = { $title }: считаю <code>{ $pattern }</code>… просмотрено { $done } из { $of } ключей
chat-cache-not-counted = { $title }: <code>{ $pattern }</code> не досчитан. Ничего не удалено.
chat-cache-nothing = { $title }: под <code>{ $pattern }</code> не подходит ни один ключ. Ничего не удалено.
chat-cache-ask =
    Удалить { $matching ->
        [one] { $matching } ключ
        [few] { $matching } ключа
       *[many] { $matching } ключей
    } из { $title }?
chat-cache-covers = <code>{ $pattern }</code>: { $share } от всех { $total } ключей. Например:
chat-cache-most = Это больше половины кэша: число нужно ввести.
chat-cache-type =
    Пришлите число ключей ({ $matching }), чтобы удалить <code>{ $pattern }</code> из <b>{ $title }</b>. Магазин прочитает всё это из своей базы заново.
chat-cache-clearing = { $title }: удаляю <code>{ $pattern }</code>… { $done } из { $of }
chat-cache-stopping = Остановится после этой порции.
chat-cache-over = Это уже закончено.
chat-cache-cleared =
    { $title }: { $removed ->
        [one] удалён { $removed } ключ
        [few] удалены { $removed } ключа
       *[many] удалено { $removed } ключей
    } <code>{ $pattern }</code> за { $took } (по просьбе { $by }).
chat-cache-stopped =
    { $title }: остановлено. { $removed ->
        [one] Удалён { $removed } ключ
        [few] Удалены { $removed } ключа
       *[many] Удалено { $removed } ключей
    } из примерно { $matching }, <code>{ $pattern }</code>, за { $took } (по просьбе { $by }).
chat-cache-failed =
    { $title }: { $why }. { $removed ->
        [0] Ничего не удалено.
        [one] До этого удалён { $removed } ключ <code>{ $pattern }</code>.
        [few] До этого удалены { $removed } ключа <code>{ $pattern }</code>.
       *[many] До этого удалено { $removed } ключей <code>{ $pattern }</code>.
    }

chat-db-server =
    PostgreSQL { $version }, работает { $for }, { $role ->
        [standby] резервный
       *[primary] основной
    }
chat-db-latency = <b>Туда и обратно (SELECT 1):</b> { $now } (медиана { $median })
chat-db-size = <b>Размер:</b> { $size }
chat-db-connections = <b>Подключения:</b> { $used } из { $max } ({ $share })
chat-db-states = <b>Сессии:</b> активны { $active }, простаивают { $idle }, висят в транзакции { $open }, ждут блокировку { $waiting }
chat-db-longest = <b>Самые долгие:</b> запрос { $query }, транзакция { $transaction }, простой в транзакции { $open }; медленных сейчас: { $slow }
chat-db-unseen = <b>Сессии:</b> чем заняты, неизвестно, <code>GRANT pg_monitor TO { $user }</code>
chat-db-cache = <b>Найдено в кэше:</b> { $share } за последние { $for } (прочитано блоков: { $blocks })
chat-db-work = <b>Транзакции:</b> { $transactions }, откаты { $rollbacks }; строк прочитано { $read }, записано { $written }
chat-db-deltas = <b>За это время:</b> взаимоблокировок { $deadlocks }, конфликтов { $conflicts }, временных файлов { $files } ({ $size })
chat-db-deltas-none = <b>Кэш, транзакции, взаимоблокировки:</b> будут известны после двух проверок
chat-db-wraparound = <b>Исчерпано номеров транзакций:</b> { $share } ({ $name })
chat-db-restarts =
    { $restarts ->
        [0] <b>Перезапуски:</b> не замечены
       *[other] <b>Перезапуски:</b> { $restarts }, последний в { $last }
    }
chat-db-nobody = Больше никто не подключён.
chat-db-by-application = <b>По программам:</b>
chat-db-application =
    { $sessions } × <b>{ $name }</b>, { $user } { $from ->
        [socket] через сокет
       *[address] с { $from }
    }, { $state ->
        [hidden] состояние неизвестно
       *[known] { $state }
    }
chat-db-blocked =
    { $count ->
        [0] <b>Заблокированы:</b> никто не ждёт блокировку
       *[other] <b>Заблокированы:</b> { $count }
    }
chat-db-blocked-line = ⏳ { $pid } { $user } ждёт { $for }:
chat-db-blocking-line =
    ↳ держит { $pid } { $user } ({ $name }), { $state ->
        [hidden] состояние неизвестно
       *[known] { $state }
    }, транзакция { $for }:
chat-db-running =
    { $count ->
        [0] <b>Выполняется:</b> ничего
       *[other] <b>Выполняется</b>, сначала самая долгая транзакция:
    }
chat-db-running-line =
    { $pid } { $user } ({ $name }), { $state ->
        [hidden] состояние неизвестно
       *[known] { $state }
    }, запрос { $query }, транзакция { $transaction }{ $waits ->
        [none] {""}
       *[some] , ждёт { $waits }
    }
chat-db-texts = Тексты внутри запросов убраны.
chat-db-statements = <b>Самые затратные запросы</b> (со сброса статистики):
chat-db-statements-hidden = ⚪ Запросы других ролей не видны: <code>GRANT pg_monitor TO { $user }</code>
chat-db-statements-none = В этой базе нет pg_stat_statements: <code>CREATE EXTENSION pg_stat_statements</code> (и shared_preload_libraries) показали бы, какие запросы занимают время.
chat-db-statement =
    { $total } за { $calls ->
        [one] { $calls } вызов
        [few] { $calls } вызова
       *[many] { $calls } вызовов
    }, по { $mean }, самое долгое { $max }
chat-db-missing = ⚪ { $why }
chat-db-tables = <b>Таблицы</b>, сначала большие:
chat-db-tables-none = Таблиц нет, или их не видно.
chat-db-table =
    <b>{ $name }</b> { $size }{ $indexes ->
        [none] {""}
       *[known] {" "}(индексы { $indexes })
    }, строк { $live }, мёртвых { $dead } ({ $share }), { $vacuum ->
        [none] vacuum не было
       *[known] vacuum { $vacuum } назад
    }
chat-db-sizes-about = <b>Точные размеры:</b> { $why }; ≈ — то, что думает сервер.
chat-db-sizes-old = <b>Точные размеры:</b> { $why }; этим { $for }.
chat-db-vacuum = 🧹 { $table }: { $phase }, { $share }
chat-db-unused =
    { $count ->
        [one] { $count } индекс ни разу не использован:
        [few] { $count } индекса ни разу не использованы:
       *[many] { $count } индексов ни разу не использованы:
    }
chat-db-replicas =
    { $replicas ->
        [0] <b>Репликация:</b> реплик нет
        [one] <b>Репликация:</b> { $replicas } реплика
        [few] <b>Репликация:</b> { $replicas } реплики
       *[many] <b>Репликация:</b> { $replicas } реплик
    }
chat-db-replica =
    · { $name } ({ $from }): { $state }, { $sync }, отстаёт на { $behind }, { $for }
chat-db-standby = <b>Резервный:</b> { $status }, отстаёт на { $for }
chat-db-slots =
    { $slots ->
        [0] <b>Слоты репликации:</b> нет
       *[other] <b>Слоты репликации:</b> { $slots }
    }
chat-db-slot =
    · { $name }: { $active ->
        [yes] читается
       *[no] никем не читается
    }{ $status ->
        [none] {""}
       *[known] , { $status }
    }, хранит { $kept }
chat-db-archiver =
    <b>Архив:</b> { $archived } сохранено{ $last ->
        [none] {""}
       *[known] , последний { $last } назад
    }, { $failed } неудач{ $lastFailed ->
        [none] {""}
       *[known] , последняя { $lastFailed } назад
    }
chat-db-checkpoints = <b>Контрольные точки:</b> { $timed } по времени, { $requested } по требованию (если таких много, max_wal_size мал)
chat-db-wraparound-more = <b>Исчерпано номеров транзакций:</b> { $share } ({ $name }; возраст { $age }, заморозка с { $freeze })

chat-shop = Пользователи и продажи
chat-shop-users = <b>Пользователи:</b> { $users }
chat-shop-new = <b>Новые сегодня:</b> { $users }
chat-shop-subscriptions = <b>Подписки:</b> { $active } активны, { $ended } закончились, { $never } не было вовсе
chat-shop-configs = <b>Конфиги:</b> { $configs }
chat-shop-server = · { $server }: { $configs }
chat-shop-today = <b>Выручка сегодня:</b> { $sums }
chat-shop-month = <b>За этот месяц:</b> { $sums }
chat-shop-nothing = пока ничего
chat-shop-last =
    { $at ->
        [none] <b>Последний платёж:</b> не было
       *[known] <b>Последний платёж:</b> { $at }
    }
chat-shop-stuck =
    { $count ->
        [0] <b>Застрявшие платежи</b> (ждут больше часа): нет
       *[other] <b>Застрявшие платежи</b> (ждут больше часа): { $count }, самый старый { $for }
    }
chat-shop-payments = <b>Платежи</b> за всё время:
chat-shop-payments-none = <b>Платежи:</b> нет
chat-shop-payment = · { $status }: { $count } ({ $methods })
chat-shop-day = День начинается в полночь, пояс { $timezone }.
chat-shop-missing = { $name }: { $why }
chat-shop-name-users = Пользователи
chat-shop-name-new = Новые сегодня
chat-shop-name-subscriptions = Подписки
chat-shop-name-configs = Конфиги
chat-shop-name-servers = Конфиги по серверам
chat-shop-name-today = Выручка сегодня
chat-shop-name-month = Выручка за месяц
chat-shop-name-last = Последний платёж
chat-shop-name-stuck = Застрявшие платежи
chat-shop-name-payments = Платежи

## panels: in the chat (telegram/screens/panels.ts, panel-actions.ts)
panel-table-unread = Таблицу панелей магазина прочитать не удалось: { $why }. Остаются известные раньше.
command-marzban = VPN-панели, ноды и пользователи
chat-panel-action =
    { $action ->
        [reconnect-node] Переподключить ноду
        [enable-node] Включить ноду
        [disable-node] Выключить ноду
        [restart-core] Перезапустить ядро
        [restart-panel] Перезапустить панель
        [user-enable] Включить пользователя
        [user-disable] Выключить пользователя
        [user-reset-traffic] Сбросить трафик
       *[user-extend] Продлить
    }
chat-panels = VPN-панели
chat-panels-none = Панелей нет. Задайте DATABASE_URL (таблица магазина marzban_instances) или MARZBAN_BASE_URL, MARZBAN_USERNAME и MARZBAN_PASSWORD, или добавьте панель в panels: сервиса в services.yaml; затем перезапустите менеджер.
chat-panels-pick = Бот магазина отдаёт новых пользователей ноде { $node }
chat-panels-better = Наименее загружена из работающих: { $node }
chat-panel-inactive = выключена в магазине
chat-panel-nodes = { $total ->
        [one] работает { $up } из { $total } ноды
        [few] работает { $up } из { $total } нод
       *[many] работает { $up } из { $total } нод
    }
chat-panel-users = { $users ->
        [one] { $users } пользователь
        [few] { $users } пользователя
       *[many] { $users } пользователей
    }
chat-panel-version = Версия { $version }
chat-panel-of-users = Из них { $users }
chat-panel-user-count =
    { $count } { $status ->
        [active] активных
        [onHold] отложенных
        [limited] без трафика
        [expired] истёкших
       *[disabled] выключенных
    }
chat-panel-latency = отвечает за { $latency }
chat-panel-host = Её хост: { $load }
chat-panel-cpu = процессор { $cpu }
chat-panel-memory = память { $memory }
chat-panel-certificate =
    Сертификат { $host }: { $days ->
        [one] остался { $days } день
        [few] осталось { $days } дня
       *[many] осталось { $days } дней
    }
chat-core-restarts =
    По журналу xray перезапускался { $restarts ->
        [one] { $restarts } раз
        [few] { $restarts } раза
       *[many] { $restarts } раз
    } за последний час
chat-panel-core-log = Журналов xray читается: { $followed } из { $wanted } ({ $why })
chat-panel-rate = Сейчас: ↑ { $up }/с, ↓ { $down }/с
chat-panel-reconnects = Ноды с ошибкой менеджер переподключает сам
chat-reconnects-on = Теперь менеджер сам переподключает ноды этой панели с ошибкой, каждую не чаще раза в 5 минут
chat-reconnects-off = Менеджер больше не трогает ноды этой панели
chat-panel-owners-only = Что менеджер делает сам, решают владельцы.
chat-panel-page = Страница { $page } из { $pages }
chat-panel-gone = Этой панели больше нет, или она не опрашивается.
chat-panel-ask = { $action }? ({ $name })
chat-panel-owner = Подтвердить может только { $by }, в течение минуты.
chat-panel-sent = { $action } ({ $name }): отправляется, { $by }
chat-panel-accepted = { $action } ({ $name }): панель приняла; проверяется, сделано ли
chat-panel-done = { $action } ({ $name }): сделано, { $took }, { $by }
chat-panel-failed = { $action } ({ $name }): не сделано, { $took }, { $by }
chat-node-since = { $state } уже { $for } · { $address }
chat-node-day = сегодня { $traffic }
chat-node-today = Сегодня: { $traffic }
chat-node-available = Доступна сегодня: { $share }
chat-node-core = Ядро { $version }
chat-node-excluded = магазин её не выбирает (excluded_node_names)
chat-user-ask = Кого ищете? Пришлите имя пользователя или его часть.
chat-user-left = Поиск оставлен.
chat-user-none = Пользователя { $name } нет.
chat-user-several = { $name } есть в именах нескольких пользователей:
chat-user-unasked = Панель не удалось спросить: { $why }
chat-user-status = Статус: { $status }
chat-user-expires = Истекает: { $at }
chat-user-traffic = Трафик: { $used } из { $limit }
chat-user-online = Был онлайн: { $at }
chat-user-never = никогда
chat-user-endless = без лимита
button-charts = Графики
button-panels = Панели
button-find-user = Найти пользователя
button-restart-core = Перезапустить ядро
button-reconnect-node = Переподключить
button-enable-node = Включить
button-disable-node = Выключить
button-restart-panel = Перезапустить панель
button-reconnects-on = Переподключать самому
button-reconnects-off = Не переподключать самому
button-panel-yes = Да, сделать
button-user-enable = Включить
button-user-disable = Выключить
button-user-reset-traffic = Сбросить трафик
button-user-extend-7 = +7 дней
button-user-extend-30 = +30 дней
button-user-extend-90 = +90 дней

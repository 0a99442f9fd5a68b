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

### Русский. Разделы идут в том же порядке, что в en.ftl; тест следит за одинаковыми ключами и переменными.

## Длительность и числа (telegram/say.ts)
say-ms = { $n } мс
say-s = { $n } с
say-min = { $n } мин
say-h = { $n } ч
say-d = { $n } д
say-percent = { $n } %
say-bytes = { $n } { $unit }
say-count = { $n }

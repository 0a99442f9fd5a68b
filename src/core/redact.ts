const hidden = '[redacted]';

/**
 * Each rule keeps what helps to find the culprit (the bot's id, the user, the key) and hides the secret itself. The
 * repetitions at the start of a rule are bounded, so that a long line costs no more than its length.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  // Telegram bot tokens, also inside .../bot<token>/... and percent-encoded; not image digests like sha256:….
  [/(?<!sha\d{0,3})(\d{3,20}(?::|%3A))[\w-]{30,}/gi, `$1${hidden}`],
  // scheme://user:password@host. A port and a path with an @ in it are no password.
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/"]{0,256}):(?!\d{1,5}\/)[^\s"<>]{0,512}@/gi, `$1:${hidden}@`],
  [/\b(bearer|authorization:\s{0,4}\w{1,20})\s{1,4}[\w.~+/=-]{6,}/gi, `$1 ${hidden}`],
  // JSON web tokens, the kind that panels hand out.
  [/\beyJ[\w-]{1,4096}\.[\w-]{1,4096}\.[\w-]*/g, hidden],
  // password=…, "api_key": "…", TOKEN: …
  [
    /((?:password|passwd|pwd|token|secret|api[_-]?key)["']?\s{0,4}[=:]\s{0,4})(?!\[redacted\]|bearer\b)("(?:[^"\\]|\\.){0,512}"|'(?:[^'\\]|\\.){0,512}'|[^\s"'&,;)}\]]+)/gi,
    `$1${hidden}`,
  ],
];

/**
 * `text` without what looks like a secret: bot tokens, passwords in URLs, bearer tokens, values of keys that name a
 * secret. Rather hides a word too many than shows one. For everything that leaves for a log, an error or a chat.
 */
export function redactSecrets(text: string): string {
  return rules.reduce((clean, [secret, instead]) => clean.replace(secret, instead), text);
}

const hidden = '[redacted]';

/** Each rule keeps what helps to find the culprit (the bot's id, the user, the key) and hides the secret itself. */
const rules: readonly (readonly [RegExp, string])[] = [
  // Telegram bot tokens, also inside .../bot<token>/... ; not image digests like sha256:….
  [/(?<!sha\d*)(\d+):[\w-]{30,}/g, `$1:${hidden}`],
  // scheme://user:password@host. A port and a path with an @ in it are no password.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*):(?!\d+\/)[^\s"<>]*@/gi, `$1:${hidden}@`],
  [/\b(bearer|authorization:\s*\w+)\s+[\w.~+/=-]{6,}/gi, `$1 ${hidden}`],
  // JSON web tokens, the kind that panels hand out.
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, hidden],
  // password=…, "api_key": "…", TOKEN: …
  [
    /((?:password|passwd|pwd|token|secret|api[_-]?key)["']?\s*[=:]\s*)(?!\[redacted\])("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'&,;)}\]]+)/gi,
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

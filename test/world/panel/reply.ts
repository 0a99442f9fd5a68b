/** What a route answers. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the real panel works on it, ms (SQLite, 2 cores, measured). */
  readonly costMs: number;
}

export function json(status: number, value: unknown, costMs = 7): Reply {
  return { status, body: JSON.stringify(value), type: 'application/json', costMs };
}

/** FastAPI's error body: a text, or for a bad request an object field → message (not FastAPI's own list). */
export function refuse(status: number, detail: string | Readonly<Record<string, string>>): Reply {
  const reply = json(status, { detail });
  return status === 401 ? { ...reply, headers: { 'www-authenticate': 'Bearer' } } : reply;
}

/** What an unhandled exception looks like. */
export const crash: Reply = {
  status: 500,
  body: 'Internal Server Error',
  type: 'text/plain; charset=utf-8',
  costMs: 7,
};

export const nginx502: Reply = {
  status: 502,
  body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n',
  type: 'text/html',
  costMs: 0,
};

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account, Call } from './account.ts';
import { ApiError } from './api-error.ts';
import type { FaultKind, Faults } from './faults.ts';
import { findMethod } from './methods/index.ts';
import { Remarked } from './methods/method.ts';
import { Params, readParams } from './params.ts';

/** A demo may run for days; tests never come near. */
const maxCalls = 10_000;
const nginxPage =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n';

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The HTTP face of an account: finds the method, lets faults in, keeps the call log. */
export class Http {
  readonly calls: Call[] = [];
  readonly #account: Account;
  readonly #faults: Faults;
  readonly #token: string;
  #count = 0;

  constructor(account: Account, faults: Faults, token: string) {
    this.#account = account;
    this.#faults = faults;
    this.#token = token;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = /^\/(file\/)?bot([^/]*)\/(.+?)\/?$/.exec(url.pathname);
    if (!path) return send(response, errorReply(new ApiError(404, 'Not Found')));
    const [, file, token = '', rest = ''] = path;
    const refusal = this.#checkToken(token.replace(/%3A/i, ':'));
    if (file) {
      if (refusal) send(response, errorReply(refusal));
      else this.#sendFile(response, rest);
      return;
    }
    await this.#handleMethod(request, response, url.searchParams, rest, refusal);
  }

  async #handleMethod(
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
    name: string,
    refusal: ApiError | null,
  ): Promise<void> {
    const known = findMethod(name);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    let problem = refusal;
    let params = new Params(new Map(), new Map());
    try {
      params = await readParams(request, query);
    } catch (error) {
      if (!(error instanceof ApiError)) return; // the client hung up in the middle of its body
      problem ??= error;
    }
    const chat = params.integer('chat_id', 0, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const fault = this.#faults.take(known?.name ?? name, chat === 0 ? null : chat);
    const call = this.#log(known?.name ?? name, params, fault);
    if (fault === 'offline' || fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'hang') return;
    if (fault === 'html-502') return sendHtml(response, call);
    if (typeof fault === 'object' && fault) return this.#finish(response, call, faultReply(fault));

    const run = async (): Promise<unknown> => {
      if (problem) throw problem;
      if (!known) throw new ApiError(404, 'Not Found: method not found');
      if (this.#account.loggedOut) throw new ApiError(400, 'Logged out');
      return known.method(this.#account, params, gone.signal);
    };
    const reply = await run().then(okReply, (error: unknown) => {
      if (error instanceof ApiError) return errorReply(error);
      throw error;
    });
    if (fault === 'accepted-lost') {
      call.result = reply.body.result;
      return void request.socket.resetAndDestroy();
    }
    this.#finish(response, call, reply);
  }

  #checkToken(token: string): ApiError | null {
    if (!/^[1-9]\d*:/.test(token) || token.length > 80)
      return new ApiError(401, 'Unauthorized: invalid token specified');
    return token === this.#token ? null : new ApiError(401, 'Unauthorized');
  }

  #log(method: string, params: Params, fault: FaultKind | null): Call {
    const name = typeof fault === 'object' && fault ? String(fault.status) : fault;
    const call: Call = {
      n: ++this.#count,
      at: this.#account.now(),
      method,
      params: params.toLog(),
      fault: name,
      status: null,
      result: undefined,
      description: null,
    };
    this.calls.push(call);
    if (this.calls.length > maxCalls) this.calls.shift();
    this.#account.tell({ kind: 'call', call });
    return call;
  }

  #finish(response: ServerResponse, call: Call, { status, body }: Reply): void {
    call.status = status;
    call.result = body.result;
    call.description = typeof body.description === 'string' ? body.description : null;
    send(response, { status, body });
    this.#account.tell({ kind: 'call', call });
  }

  #sendFile(response: ServerResponse, path: string): void {
    const file = this.#account.files.byPath(path);
    if (!file) {
      send(response, errorReply(new ApiError(404, 'Not Found')));
      return;
    }
    response.writeHead(200, { 'content-type': file.mime, 'content-length': file.bytes.length });
    response.end(file.bytes);
  }
}

function okReply(result: unknown): Reply {
  if (!(result instanceof Remarked)) return { status: 200, body: { ok: true, result } };
  return { status: 200, body: { ok: true, result: result.result, description: result.description } };
}

function errorReply(error: ApiError): Reply {
  const parameters = error.parameters ? { parameters: error.parameters } : {};
  return { status: error.code, body: { ok: false, error_code: error.code, description: error.message, ...parameters } };
}

function faultReply(fault: { status: number; description: string; retry_after?: number }): Reply {
  const parameters = fault.retry_after === undefined ? null : { retry_after: fault.retry_after };
  return errorReply(new ApiError(fault.status, fault.description, parameters));
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const parameters = body.parameters;
  const retryAfter =
    typeof parameters === 'object' && parameters && 'retry_after' in parameters ? parameters.retry_after : undefined;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function sendHtml(response: ServerResponse, call: Call): void {
  call.status = 502;
  response.writeHead(502, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(nginxPage) });
  response.end(nginxPage);
}

/** A refusal of the Bot API: its code, its exact description, and what goes under `parameters`. */
export class ApiError extends Error {
  readonly code: number;
  readonly parameters: Readonly<Record<string, number>> | null;

  constructor(code: number, description: string, parameters: Readonly<Record<string, number>> | null = null) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

/**
 * 400 with the server's own prefixing: the first letter is lowered, unless the text is an ALL_CAPS code.
 * (telegram-bot-api, Client.cpp, fail_query_with_error)
 */
export function badRequest(text: string): ApiError {
  const isCode = /^.[A-Z_]/.test(text);
  const said = isCode ? text : text.charAt(0).toLowerCase() + text.slice(1);
  return new ApiError(400, `Bad Request: ${said}`);
}

export function forbidden(text: string): ApiError {
  return new ApiError(403, `Forbidden: ${text}`);
}

/** 429; `seconds` also becomes the Retry-After header. */
export function tooManyRequests(seconds: number): ApiError {
  return new ApiError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}

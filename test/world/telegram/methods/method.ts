import type { Account } from '../account.ts';
import type { Params } from '../params.ts';

/** One Bot API method: gives its result or throws an ApiError. `gone` fires when the client hangs up. */
export type Method = (account: Account, params: Params, gone: AbortSignal) => unknown;

/** A result that comes with a remark of the server. */
export class Remarked {
  readonly result: unknown;
  readonly description: string;

  constructor(result: unknown, description: string) {
    this.result = result;
    this.description = description;
  }
}

// The root of all errors: what every one has, and what makes `instanceof` work across builds and copies of this package.

import { harmlessLines } from '../util/printable.ts';

/** What fixes an error, for programs that word it for their own users. */
export interface ErrorHint {
  /** The option that helps, such as `allowSelf`. */
  readonly option?: string;
  /** The method that helps, such as `resolve`. */
  readonly method?: string;
  /** The same as a sentence for programmers. It is the end of the error's message. */
  readonly text: string;
}

/** What every error is created with. */
export interface BlazeMeterErrorInit {
  readonly hint?: ErrorHint | undefined;
  readonly retryable?: boolean;
  readonly requestId?: string | undefined;
  readonly attempts?: number;
  readonly operation?: string | undefined;
  readonly cause?: unknown;
}

const brand = (name: string) => Symbol.for(`blazemeter-client/error/${name}`);

/** Gives a class its name and a brand that `instanceof` finds across builds and copies of this package. */
export function branded(kind: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(kind, 'name', { value: name });
  Object.defineProperty(kind, brand(name), { value: true });
  Object.defineProperty(kind.prototype, 'name', { value: name, writable: true, configurable: true });
  Object.defineProperty(kind.prototype, brand(name), { value: true });
}

/**
 * The root of all errors of this package. `message` says what happened, the likely cause and what to do, and never
 * holds a secret.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const client = new BlazeMeterClient({ credentials: 'no-such-id:no-such-secret', fetch: reference.fetch });
 * try {
 *   await client.user.get();
 * } catch (error) {
 *   if (isBlazeMeterError(error)) console.log(error.code); // unauthorized
 * }
 * ```
 */
export class BlazeMeterError extends Error {
  /** A stable name for programs: it does not change when the message does. */
  readonly code: string = 'error';
  /** Whether calling again later may succeed and does no harm. The client has used up its own retries. */
  readonly retryable: boolean;
  /** The service's own id of the response, where there was one. */
  declare readonly requestId?: string;
  /** How many requests were sent or tried before this error. 0: nothing was sent. */
  readonly attempts: number;
  /** The operation of {@link operations} that failed, where there is one. */
  declare readonly operation?: string;

  /** What helps, where an option or a method does: see {@link ErrorHint}. Nothing enumerates it. */
  declare readonly hint?: ErrorHint;

  constructor(message: string, init: BlazeMeterErrorInit = {}) {
    const { hint } = init;
    super(
      // The last step: whatever of it came from outside acts on nothing.
      harmlessLines(
        // A message of several lines has its hint on a line of its own.
        hint === undefined ? message : `${message}${message.includes('\n') ? '\n' : ' '}${hint.text}`,
      ),
      'cause' in init && init.cause !== undefined ? { cause: init.cause } : undefined,
    );
    this.retryable = init.retryable ?? false;
    this.attempts = init.attempts ?? 0;
    if (init.requestId !== undefined) this.requestId = init.requestId;
    if (init.operation !== undefined) this.operation = init.operation;
    if (hint !== undefined) Object.defineProperty(this, 'hint', { value: hint });
  }

  /** What may be logged: name, code, message and the plain fields; never a secret. */
  toJSON(): Record<string, unknown> {
    const { name, message } = this;
    return { name, message, ...Object.fromEntries(Object.entries(this)) };
  }

  /**
   * Whether the value is an error of this class, whichever build (ESM, CommonJS) or copy of the package created it.
   * @hidden
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const own = Object.getOwnPropertySymbols(this).find((key) =>
      key.description?.startsWith('blazemeter-client/error/'),
    );
    try {
      if (own === undefined) return Function.prototype[Symbol.hasInstance].call(this, value);
      return typeof value === 'object' && value !== null && own in value;
    } catch {
      return false; // A revoked proxy, or one whose traps throw.
    }
  }
}
branded(BlazeMeterError, 'BlazeMeterError');

// A value that is used and never seen. The text lives in a WeakMap of this module, so no way of looking at the
// object (inspect with every option, JSON, spread, clone, debugger-style dumps of fields) can find it.

const BRAND = Symbol.for('blazemeter-client/secret');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const SHOWN = '[secret]';

const values = new WeakMap<object, string>();

/**
 * A secret text. {@link Secret.reveal} and {@link Secret.equals} are the only ways to use it; string conversion,
 * JSON and inspection show `[secret]`, everything else shows nothing.
 *
 * @example
 * ```ts
 * import { Secret } from 'blazemeter-client';
 *
 * const secret = Secret.from('correct horse battery staple');
 * console.log(`${secret}`, JSON.stringify({ secret })); // [secret] {"secret":"[secret]"}
 * secret.reveal(); // 'correct horse battery staple'
 * ```
 */
export interface Secret {
  /** The text itself. Give it to what needs it and to nothing else. */
  reveal(): string;
  /** Whether the other secret, or text, is the same; the time taken does not depend on where they differ. */
  equals(other: SecretLike | string): boolean;
  /** `[secret]` */
  toString(): string;
  /** `[secret]` */
  toJSON(): string;
}

/** What counts as a secret where one is asked for: a {@link Secret} of any copy or build of this package. */
export interface SecretLike {
  /** The text itself. */
  reveal(): string;
}

class SecretValue implements Secret {
  constructor(text: string) {
    values.set(this, text);
    Object.freeze(this);
  }

  static {
    Object.defineProperty(SecretValue.prototype, BRAND, { value: true });
    Object.defineProperty(SecretValue, 'name', { value: 'Secret' });
  }

  reveal(): string {
    const text = values.get(this);
    if (text === undefined) throw new TypeError('This is not a Secret, but something made to look like one.');
    return text;
  }

  equals(other: SecretLike | string): boolean {
    const mine = this.reveal();
    const theirs = typeof other === 'string' ? other : other.reveal();
    let difference = mine.length ^ theirs.length;
    for (let at = 0; at < mine.length; at++) difference |= mine.charCodeAt(at) ^ theirs.charCodeAt(at);
    return difference === 0;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  [INSPECT](): string {
    return SHOWN;
  }
}

/** Makes and recognises {@link Secret} values, whichever copy or build of this package made them. */
export const Secret: {
  /** A secret of this text; a secret given comes back as one of this copy. Throws a `TypeError` for anything else. */
  from(value: string | SecretLike): Secret;
  /** Whether the value is a {@link Secret}. `value instanceof Secret` asks the same. */
  isSecret(value: unknown): value is Secret;
  /** What `value instanceof Secret` asks. */
  [Symbol.hasInstance](value: unknown): value is Secret;
} = {
  from(value) {
    if (value instanceof SecretValue) return value;
    const text = typeof value === 'string' ? value : isSecretLike(value) ? value.reveal() : undefined;
    if (typeof text !== 'string')
      throw new TypeError('A secret is made from a string or from another Secret.');
    return new SecretValue(text);
  },
  isSecret,
  [Symbol.hasInstance]: isSecret,
};

function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && BRAND in value;
}

function isSecretLike(value: unknown): value is SecretLike {
  return (
    typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function'
  );
}

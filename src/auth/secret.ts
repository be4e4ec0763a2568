// A value that can be used but is never shown. The text is in a WeakMap of this module, where no inspection of the object
// (util.inspect with any option, JSON, spread, structuredClone, a debugger's list of fields) finds it.

const BRAND = Symbol.for('blazemeter-client/secret');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const SHOWN = '[secret]';

const values = new WeakMap<object, string>();

/** What is accepted as a secret: a {@link Secret} of any copy or build of this package. */
export interface SecretLike {
  /** The text itself. */
  reveal(): string;
}

/**
 * A secret text. {@link Secret.reveal} and {@link Secret.equals} are the only ways to use it; string conversion,
 * JSON and inspection show `[secret]`.
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
export class Secret {
  private constructor(text: string) {
    values.set(this, text);
    Object.freeze(this);
  }

  static {
    // Inspection shows the name of the class, which the build changes where a class mentions itself.
    Object.defineProperty(Secret, 'name', { value: 'Secret' });
    Object.defineProperty(Secret.prototype, BRAND, { value: true });
  }

  /** A secret with this text. A secret of another copy becomes one of this copy. Throws a `TypeError` for anything else. */
  static from(value: string | SecretLike): Secret {
    if (typeof value === 'object' && value !== null && values.has(value) && value instanceof Secret)
      return value;
    const text = typeof value === 'string' ? value : isSecretLike(value) ? value.reveal() : undefined;
    if (typeof text !== 'string')
      throw new TypeError('A secret is created from a string or from another Secret.');
    return new Secret(text);
  }

  /** Whether the value is a {@link Secret}, of any build or copy. `value instanceof Secret` does the same. */
  static isSecret(value: unknown): value is Secret {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /**
   * Implements `value instanceof Secret`.
   * @hidden
   */
  static [Symbol.hasInstance](value: unknown): value is Secret {
    return Secret.isSecret(value);
  }

  /** The text itself. Pass it only to what needs it. */
  reveal(): string {
    const text = values.get(this);
    if (text === undefined) throw new TypeError('This is not a Secret, only an object that looks like one.');
    return text;
  }

  /** Compares with another secret or text, in a time that does not depend on where they differ. Anything else differs. */
  equals(other: SecretLike | string): boolean {
    const mine = this.reveal();
    const theirs = typeof other === 'string' ? other : isSecretLike(other) ? other.reveal() : undefined;
    if (typeof theirs !== 'string') return false;
    let difference = mine.length ^ theirs.length;
    for (let at = 0; at < mine.length; at++) difference |= mine.charCodeAt(at) ^ theirs.charCodeAt(at);
    return difference === 0;
  }

  /** `[secret]` */
  toString(): string {
    return SHOWN;
  }

  /** `[secret]` */
  toJSON(): string {
    return SHOWN;
  }

  /** `[secret]` */
  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  /** @internal */
  [INSPECT](): string {
    return SHOWN;
  }
}

function isSecretLike(value: unknown): value is SecretLike {
  return (
    typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function'
  );
}

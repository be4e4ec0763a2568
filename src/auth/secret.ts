// A value that is used and never shown. The text lives in a WeakMap of this module, so no way of looking at the object
// (inspect with every option, JSON, spread, clone, debuggers that list fields) can find it.

const BRAND = Symbol.for('blazemeter-client/secret');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const SHOWN = '[secret]';

const values = new WeakMap<object, string>();

/** What counts as a secret where one is asked for: a {@link Secret} of any copy or build of this package. */
export interface SecretLike {
  /** The text itself. */
  reveal(): string;
}

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

  /** A secret of this text; a secret given comes back as one of this copy. Throws a `TypeError` for anything else. */
  static from(value: string | SecretLike): Secret {
    if (typeof value === 'object' && value !== null && values.has(value) && value instanceof Secret)
      return value;
    const text = typeof value === 'string' ? value : isSecretLike(value) ? value.reveal() : undefined;
    if (typeof text !== 'string')
      throw new TypeError('A secret is created from a string or from another Secret.');
    return new Secret(text);
  }

  /** Whether the value is a {@link Secret}, of any build or copy. `value instanceof Secret` asks the same. */
  static isSecret(value: unknown): value is Secret {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** What `value instanceof Secret` asks. */
  static [Symbol.hasInstance](value: unknown): value is Secret {
    return Secret.isSecret(value);
  }

  /** The text itself. Pass it to what needs it and to nothing else. */
  reveal(): string {
    const text = values.get(this);
    if (text === undefined) throw new TypeError('This is not a Secret, only an object that looks like one.');
    return text;
  }

  /** Whether the other secret, or text, is the same; the time taken does not depend on where they differ. */
  equals(other: SecretLike | string): boolean {
    const mine = this.reveal();
    const theirs = typeof other === 'string' ? other : other.reveal();
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

// What must be true of every input: a parser gives a value of its kind, or one of our errors; the error shows no piece of a
// secret and nothing that acts on a terminal or a CI system; and no prototype is touched.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isBlazeMeterError } from 'blazemeter-client';
import { createDetector } from '../leak/detector.ts';
import { secretsOf } from '../leak/stage.ts';
import { obeyed } from '../support/acting.ts';

const hex = secretsOf('hex');
const awkward = secretsOf('awkward');

/** The secrets of all inputs: as the service makes them, and of characters that every encoding writes differently. */
export const SECRETS = { credentials: hex.credentials, made: hex.made, awkward: awkward.credentials };

const detect = createDetector(SECRETS);

/** The longest message that a person may be given. */
const LONGEST = 4_000;
const ESCAPE = /\\u(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})/gi;
const ESCAPED =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;

/** Without the escapes of what acts: their digits may happen to continue the seven characters that stand beside them. */
const withoutEscapes = (shown: string): string =>
  shown.replace(ESCAPE, (whole, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    return code <= 0x10ffff && ESCAPED.test(String.fromCodePoint(code)) ? '|' : whole;
  });

/** Nothing that is shown holds a piece of a secret. */
export function assertHidden(shown: string): void {
  const [first] = detect(shown);
  const [hit] = first === undefined ? [] : detect(withoutEscapes(shown));
  assert.equal(
    hit,
    undefined,
    `${hit?.secret} is shown from its character ${hit?.from} on (${hit?.encoding})`,
  );
}

/** Nothing in it drives a terminal or a CI system. */
export function assertHarmless(shown: string): void {
  const acts = obeyed(shown);
  assert.deepEqual(acts, [], `it holds what acts: ${JSON.stringify(shown)}`);
}

/** The errors that a parser may end with. A TypeError from inside is none of them. */
export function assertOurs(error: unknown): void {
  if (!isBlazeMeterError(error))
    throw new Error('The parser ended with an error that is not ours.', { cause: error });
  assert.ok(
    error.message.length > 0 && error.message.length <= LONGEST,
    `${error.message.length} characters`,
  );
  assertHarmless(error.message);
  assertHidden(error.message);
  assertHidden(inspect(error, { depth: 5, showHidden: true, customInspect: false }));
  assertHidden(JSON.stringify(error));
}

const PROTOTYPES: readonly object[] = [
  Object.prototype,
  Array.prototype,
  String.prototype,
  Function.prototype,
  Error.prototype,
];
const count = (): number => PROTOTYPES.reduce((sum, one) => sum + Reflect.ownKeys(one).length, 0);
const before = count();

/** Nobody has put anything on what every object inherits. */
export function assertPrototypes(): void {
  assert.equal(count(), before, 'a prototype was changed');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
}

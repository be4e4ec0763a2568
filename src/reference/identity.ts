// Ids and secrets that nobody can mistake for real ones, the same in every run.

import { sha256 } from './sha256.ts';

/**
 * How every key id and every secret that the reference makes begins, so that people, tests and secret scanners can
 * tell them from real ones. Ids go on with `1d`, secrets with `5e`: a piece of one is never a piece of the other.
 */
export const REFERENCE_MARKER = '7e57ed';

/** Makes ids and secrets: a function of the seed and a number, so that a run can be repeated. */
export interface Mint {
  /** 24 hex digits. */
  id(number: number): string;
  /** 72 hex digits. */
  secret(number: number): string;
  /** An id of something that is no key: the same for the same name. 24 hex digits. */
  named(name: string): string;
}

export function createMint(seed: string): Mint {
  return {
    id: (number) => `${REFERENCE_MARKER}1d${sha256(`${seed}/id/${number}`).slice(0, 16)}`,
    secret: (number) => `${REFERENCE_MARKER}5e${sha256(`${seed}/secret/${number}`)}`,
    named: (name) => `${REFERENCE_MARKER}0a${sha256(`${seed}/${name}`).slice(0, 16)}`,
  };
}

const REAL_ID = /^[0-9a-f]{24}$/;
const REAL_SECRET = /^[0-9a-f]{72}$/;

/** Whether a pair has the form of real ones and lacks the marker: somebody may be sending a live credential. */
export function looksReal(id: string, secret: string): boolean {
  return (
    REAL_ID.test(id) &&
    REAL_SECRET.test(secret) &&
    !id.startsWith(REFERENCE_MARKER) &&
    !secret.startsWith(REFERENCE_MARKER)
  );
}

// Ids and secrets that cannot be mistaken for real ones, the same in every run.

import { sha256 } from './sha256.ts';

/**
 * The first characters of every key id and every secret that the reference creates, so that people, tests and secret scanners
 * can tell them from real ones. Ids continue with `1d`, secrets with `5e`: a part of one is never a part of the other.
 */
export const REFERENCE_MARKER = '7e57ed';

/** Generates ids and secrets: a function of the seed and a number, so that a run can be repeated. */
export interface IdGenerator {
  /** The id of a key: 24 hex digits. */
  key(number: number): string;
  /** 72 hex digits. */
  secret(number: number): string;
  /** The id of something else: the same for the same name. 24 hex digits. */
  named(name: string): string;
}

export function createIdGenerator(seed: string): IdGenerator {
  return {
    key: (number) => `${REFERENCE_MARKER}1d${sha256(`${seed}/id/${number}`).slice(0, 16)}`,
    secret: (number) => `${REFERENCE_MARKER}5e${sha256(`${seed}/secret/${number}`)}`,
    named: (name) => `${REFERENCE_MARKER}0a${sha256(`${seed}/${name}`).slice(0, 16)}`,
  };
}

const REAL_ID = /^[0-9a-f]{24}$/;
const REAL_SECRET = /^[0-9a-f]{72}$/;

/** Whether credentials have the form of real ones and lack the marker: they may be live. */
export function looksReal(id: string, secret: string): boolean {
  return (
    REAL_ID.test(id) &&
    REAL_SECRET.test(secret) &&
    !id.startsWith(REFERENCE_MARKER) &&
    !secret.startsWith(REFERENCE_MARKER)
  );
}

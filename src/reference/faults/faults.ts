// The rules that are in force: which of them a request meets.

import { operationOf, type ReferenceOperation } from '../routes.ts';
import type { KeyRecord } from '../state.ts';
import { type FaultTrust, readFaultRule } from './fault-read.ts';
import type { FaultEffect, FaultRule } from './fault-rules.ts';

/** A rule in force. */
export interface ActiveFault {
  readonly rule: FaultRule;
  /** How often it has struck. */
  readonly struck: number;
  /** Takes the rule away. */
  remove(): void;
}

/**
 * The faults of a reference.
 *
 * @example Commit, then drop the answer: the key is made, and the caller never learns of it.
 * ```ts
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const fault = reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
 * console.log(fault.struck); // 0
 * fault.remove();
 * ```
 */
export interface Faults {
  /** Adds a rule; those added first are looked at first, and all that a request meets are applied. */
  add(rule: FaultRule): ActiveFault;
  /** The rules in force, oldest first. */
  readonly active: readonly ActiveFault[];
  /** Takes all rules away. */
  clear(): void;
}

/** An effect that strikes a request, with what its rule remembers. */
export interface Strike {
  readonly effect: FaultEffect;
  /** Lists of keys as they were when a `stale-list` was added. */
  readonly staleKeys?: ReadonlyMap<number, readonly KeyRecord[]>;
  /** A throw of the rule's dice, 0 to 1. */
  readonly dice: number;
}

export interface InnerFaults extends Faults {
  /** The effects that strike a request, in the order of their rules. */
  meet(operation: ReferenceOperation | null, keyId: string | undefined, ms: number): readonly Strike[];
  addUntrusted(rule: unknown, path: string): ActiveFault;
}

/** A small generator of evenly spread numbers: the same seed gives the same throws on every machine. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

const NONE: readonly Strike[] = [];

const MOST_WINDOWS = 10_000;

interface Held {
  readonly active: ActiveFault;
  readonly meet: (
    operation: ReferenceOperation | null,
    keyId: string | undefined,
    ms: number,
  ) => Strike | undefined;
}

export function createFaults(captureKeys: () => ReadonlyMap<number, readonly KeyRecord[]>): InnerFaults {
  let held: readonly Held[] = [];

  const put = (given: unknown, path: string, trust: FaultTrust): ActiveFault => {
    const rule = Object.freeze(readFaultRule(given, path, trust));
    const { operation } = rule;
    const names = typeof operation === 'string' ? [operation] : operation;
    const operations = names?.map(operationOf);
    const throwDice = dice(rule.seed ?? 1);
    const staleKeys = rule.effect === 'stale-list' ? captureKeys() : undefined;
    const windows = new Map<string, { from: number; requests: number }>();
    let met = 0;
    let struck = 0;

    /** The 429 of a rate limit, once a key has used its window up. */
    const limited = (
      requests: number,
      windowMs: number,
      keyId: string,
      ms: number,
    ): FaultEffect | undefined => {
      let window = windows.get(keyId);
      if (window === undefined || ms - window.from >= windowMs || ms < window.from)
        window = { from: ms, requests: 0 };
      // A key is what a request says it is: without an end to it, made-up ones would fill the memory.
      if (windows.size >= MOST_WINDOWS) windows.clear();
      windows.set(keyId, window);
      if (++window.requests <= requests) return undefined;
      const retryAfter = Math.max(1, Math.ceil((window.from + windowMs - ms) / 1000));
      return { effect: 'status', status: 429, retryAfter };
    };

    const meet: Held['meet'] = (called, keyId, ms) => {
      if (operations !== undefined && (called === null || !operations.includes(called))) return undefined;
      if (rule.keyId !== undefined && rule.keyId !== keyId) return undefined;
      met++;
      const thrown = throwDice();
      if (rule.nth !== undefined && met !== rule.nth) return undefined;
      if (rule.every !== undefined && met % rule.every !== 0) return undefined;
      if (rule.probability !== undefined && thrown >= rule.probability) return undefined;
      if (rule.times !== undefined && struck >= rule.times) return undefined;
      const effect =
        rule.effect === 'rate-limit' ? limited(rule.requests, rule.windowMs, keyId ?? '', ms) : rule;
      if (effect === undefined) return undefined;
      struck++;
      const strike = { effect, dice: thrown };
      return staleKeys === undefined ? strike : { ...strike, staleKeys };
    };

    const active: ActiveFault = {
      rule,
      get struck() {
        return struck;
      },
      remove() {
        held = held.filter((other) => other.active !== active);
      },
    };
    held = [...held, { active, meet }];
    return active;
  };

  return {
    add: (rule) => put(rule, 'rule', { anyRedirect: true }),
    addUntrusted: (rule, path) => put(rule, path, { anyRedirect: false }),
    get active() {
      return held.map(({ active }) => active);
    },
    clear() {
      held = [];
    },
    meet(operation, keyId, ms) {
      if (held.length === 0) return NONE;
      const strikes: Strike[] = [];
      for (const { meet } of held) {
        const strike = meet(operation, keyId, ms);
        if (strike !== undefined) strikes.push(strike);
      }
      return strikes;
    },
  };
}

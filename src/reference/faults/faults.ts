// The rules in force: which of them apply to a request.

import { operationOf, type ReferenceOperation, type RouteKey } from '../routes.ts';
import type { KeyRecord } from '../state.ts';
import { type FaultTrust, readFaultRule } from './fault-read.ts';
import type { FaultEffect, FaultRule } from './fault-rules.ts';

/** A rule in force. */
export interface ActiveFault {
  readonly rule: FaultRule;
  /** How often it was applied. */
  readonly timesApplied: number;
  /** Removes the rule. */
  remove(): void;
}

/**
 * The faults of a reference.
 *
 * @example Commit, then drop the response: the key is created, and the caller never learns of it.
 * ```ts
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const fault = reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
 * console.log(fault.timesApplied); // 0
 * fault.remove();
 * ```
 */
export interface Faults {
  /** Adds a rule. All rules that match a request are applied, in the order in which they were added. */
  add(rule: FaultRule): ActiveFault;
  /** The rules in force, oldest first. */
  readonly active: readonly ActiveFault[];
  /** Removes all rules. */
  clear(): void;
}

/** An effect that applies to a request, with what its rule remembers. */
export interface AppliedFault {
  readonly effect: FaultEffect;
  /** Lists of keys as they were when a `stale-list` was added. */
  readonly staleKeys?: ReadonlyMap<number, readonly KeyRecord[]>;
  /** A throw of the rule's dice, 0 to 1. */
  readonly dice: number;
}

export interface InnerFaults extends Faults {
  /** The effects that apply to a request, in the order of their rules. */
  match(
    operation: ReferenceOperation | RouteKey | null,
    keyId: string | undefined,
    ms: number,
  ): readonly AppliedFault[];
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

const NONE: readonly AppliedFault[] = [];

const MAX_WINDOWS = 10_000;

/** A rule in force: decides whether it applies to a request. */
type Matcher = (
  operation: ReferenceOperation | RouteKey | null,
  keyId: string | undefined,
  ms: number,
) => AppliedFault | undefined;

export function createFaults(captureKeys: () => ReadonlyMap<number, readonly KeyRecord[]>): InnerFaults {
  const rules = new Map<ActiveFault, Matcher>();

  const put = (given: unknown, path: string, trust: FaultTrust): ActiveFault => {
    const rule = Object.freeze(readFaultRule(given, path, trust));
    const { operation } = rule;
    const names = typeof operation === 'string' ? [operation] : operation;
    const operations = names?.map(operationOf);
    const throwDice = dice(rule.seed ?? 1);
    const staleKeys = rule.effect === 'stale-list' ? captureKeys() : undefined;
    const windows = new Map<string, { from: number; requests: number }>();
    let matched = 0;
    let timesApplied = 0;

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
      // The key id comes from the request: without a bound, invented ones would fill the memory.
      if (windows.size >= MAX_WINDOWS) windows.clear();
      windows.set(keyId, window);
      if (++window.requests <= requests) return undefined;
      const retryAfter = Math.max(1, Math.ceil((window.from + windowMs - ms) / 1000));
      return { effect: 'status', status: 429, retryAfter };
    };

    const matcher: Matcher = (called, keyId, ms) => {
      if (operations !== undefined && (called === null || !operations.includes(called))) return undefined;
      if (rule.keyId !== undefined && rule.keyId !== keyId) return undefined;
      matched++;
      const thrown = throwDice();
      if (rule.nth !== undefined && matched !== rule.nth) return undefined;
      if (rule.every !== undefined && matched % rule.every !== 0) return undefined;
      if (rule.probability !== undefined && thrown >= rule.probability) return undefined;
      if (rule.times !== undefined && timesApplied >= rule.times) return undefined;
      const effect =
        rule.effect === 'rate-limit' ? limited(rule.requests, rule.windowMs, keyId ?? '', ms) : rule;
      if (effect === undefined) return undefined;
      timesApplied++;
      return staleKeys === undefined ? { effect, dice: thrown } : { effect, dice: thrown, staleKeys };
    };

    const active: ActiveFault = {
      rule,
      get timesApplied() {
        return timesApplied;
      },
      remove() {
        rules.delete(active);
      },
    };
    rules.set(active, matcher);
    return active;
  };

  return {
    add: (rule) => put(rule, 'rule', { anyRedirect: true }),
    get active() {
      return [...rules.keys()];
    },
    clear() {
      rules.clear();
    },
    match(operation, keyId, ms) {
      if (rules.size === 0) return NONE;
      const applied: AppliedFault[] = [];
      for (const matcher of rules.values()) {
        const fault = matcher(operation, keyId, ms);
        if (fault !== undefined) applied.push(fault);
      }
      return applied;
    },
  };
}

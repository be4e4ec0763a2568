// One run of a rotation with a place to die in, and what it is told: the same for the child and for the simulation.
import { BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import {
  type CredentialStore,
  type RotationReport,
  resume,
  rotate,
  type SecretSink,
} from 'blazemeter-client/rotation';
import type { Points } from './crash-points.ts';

export const WAYS = ['expiry', 'leak with recovery', 'leak without'] as const;
export type Way = (typeof WAYS)[number];

/** The orders of a run. Everything but the secrets can stand in an argument. */
export interface Orders {
  readonly way: Way;
  readonly call: 'rotate' | 'resume';
  readonly owner: string;
  readonly takeOver: boolean;
}

export interface Props {
  readonly baseUrl?: string;
  readonly fetch: FetchLike;
  readonly store: CredentialStore;
  readonly sink: SecretSink;
  readonly recovery: { readonly id: string; readonly secret: string };
}

/** How long readers get: the harness moves the clock over it. */
const DRAIN = { hours: 1 };

export function perform(orders: Orders, props: Props, points: Points): Promise<RotationReport> {
  const { way, call, owner, takeOver } = orders;
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    ...(props.baseUrl === undefined ? {} : { baseUrl: props.baseUrl }),
    fetch: points.fetch(props.fetch),
    logLevel: 'off',
  });
  const options = {
    store: points.store(props.store),
    sinks: [points.sink(props.sink)],
    owner,
    takeOver,
    timing: { lookAgainMs: 20, testWithinMs: 10_000 },
    ...(way === 'leak with recovery' ? { recovery: props.recovery } : {}),
  };
  if (call === 'resume') return resume(client, options);
  return rotate(client, { ...options, reason: way === 'expiry' ? 'expiry' : 'leak', drain: DRAIN });
}

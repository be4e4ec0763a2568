// The world of a history: a service and a store that many processes share, where every request, response, read and write is
// a task that the scheduler lets through in an order of its own, and goes wrong as the plan says.
import type { FetchInit, FetchLike } from 'blazemeter-client';
import {
  type CredentialStore,
  memoryStore,
  type RotationRecord,
  readRecord,
  revealRecord,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import type { Reference } from 'blazemeter-client/testing';
import type fc from 'fast-check';
import { type Model, Violation } from './fleet-model.ts';
import { type NetFault, RULES, type StoreFault } from './fleet-plan.ts';

/** A request that is still under way after so long never arrives. Less than any drain. */
const LONGEST_FLIGHT = 10 * 60_000;

/** A process, as the world sees it. */
export interface Process {
  readonly name: string;
  /** Whether it has died: nothing reaches it any more, and what it has not sent is not sent. */
  dead: boolean;
  /** Called before each thing that outlasts the process: it may die there. */
  readonly dies?: (side: 'before' | 'on its way' | 'after', counts: boolean) => boolean;
  readonly netFault?: (method: string) => NetFault | undefined;
  readonly storeFault?: (writes: boolean) => StoreFault | undefined;
  /** How long its part of the service knows nothing of a new secret, in milliseconds. */
  readonly lag: number;
  /** How many steps an abandoned request is under way. */
  readonly flight?: number;
  /** Told that something went wrong with what it does. */
  readonly touched?: () => void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class World {
  readonly reference: Reference;
  readonly model: Model;
  readonly history: string[] = [];
  /** The first rule that was broken: whatever comes after it is of no use. */
  violation: Violation | undefined;
  /** How many tasks have been let through. */
  step = 0;
  #flying: { readonly at: number; readonly land: () => void }[] = [];
  readonly #scheduler: fc.Scheduler;
  readonly #store = memoryStore();

  constructor(reference: Reference, model: Model, scheduler: fc.Scheduler) {
    this.reference = reference;
    this.model = model;
    this.#scheduler = scheduler;
  }

  /** Adds a line to the history. */
  tell(line: string): void {
    this.history.push(`${new Date().toISOString().slice(5, 19)} ${line}`);
  }

  /** Runs what looks at the rules; the first that is broken ends the history. */
  judge(look: () => void): void {
    if (this.violation !== undefined) return;
    try {
      look();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.violation = error;
      this.tell(`VIOLATION: ${error.message}`);
    }
  }

  #fly(steps: number): Promise<void> {
    return new Promise((land) => {
      this.#flying.push({ at: this.step + steps, land });
    });
  }

  /** Lets those arrive whose time has come; `all`: whoever is still under way. */
  land(all = false): boolean {
    const landing = this.#flying.filter(({ at }) => all || at <= this.step);
    this.#flying = this.#flying.filter((flight) => !landing.includes(flight));
    for (const { land } of landing) land();
    return landing.length > 0;
  }

  #task(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  fetch(process: Process): FetchLike {
    return (url, init) => this.#send(process, url, init);
  }

  async #send(process: Process, url: string, init: FetchInit): Promise<Response> {
    const { method } = init;
    const { pathname, search } = new URL(url);
    const changes = method !== 'GET';
    const what = `${process.name} ${this.#shown(method, pathname)}`;
    if (process.dead) return never();
    if (changes && process.dies?.('before', true) === true) return this.#bury(process, `${what} (not sent)`);
    const fault = process.netFault?.(method);
    const sent = Date.now();
    if (changes && process.dies?.('on its way', false) === true) this.#bury(process, `${what} (on its way)`);
    if (process.dead || fault === 'late') await this.#fly(process.flight ?? 0);
    await this.#task(what);
    if (Date.now() - sent > LONGEST_FLIGHT) {
      if (changes) this.tell(`${what}: lost on its way`);
      return never();
    }
    if (fault === 'late') process.touched?.();
    const response = this.#arrive(process, { method, path: `${pathname}${search}`, init, fault, what });
    if (changes && process.dies?.('after', false) === true) this.#bury(process, `${what} (done)`);
    await this.#task(`${what}: ${response.status}`);
    if (process.dead || fault === 'late') return never();
    const { delivery, status, headers, body } = response;
    if (delivery.kind === 'cut') {
      if (delivery.end === 'stall') return never(); // Until the time of the attempt is over.
      const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      throw new TypeError('fetch failed', { cause });
    }
    return new Response(status === 204 ? null : body, { status, headers });
  }

  #arrive(
    process: Process,
    request: { method: string; path: string; init: FetchInit; fault: NetFault | undefined; what: string },
  ) {
    const { method, path, init, fault, what } = request;
    const { reference, model } = this;
    const id = this.#signer(init);
    if (process.lag > 0 && id !== undefined && model.age(id) < process.lag) {
      this.tell(`${what}: signed by ${model.nameOf(id)}, which is not known there yet: 401`);
      const headers = { 'Content-Type': 'application/json; charset=utf-8' };
      const error = { code: 401, message: 'Unauthorized' };
      const body = JSON.stringify({ error, api_version: 4, result: null, request_id: '0000000000000' });
      return { status: 401, headers, body, delivery: { kind: 'whole' as const } };
    }
    const rule =
      fault === undefined || fault === 'late'
        ? undefined
        : reference.faults.add({ ...RULES[fault], times: 1 });
    if (fault !== undefined) process.touched?.();
    const response = reference.handle({ method, path, headers: init.headers, body: init.body });
    rule?.remove();
    const entry = reference.journal.last();
    if (entry === undefined) throw new Error('The journal is empty.');
    if (method !== 'GET' || fault !== undefined || response.status >= 400) {
      const by = id === undefined ? '' : ` signed by ${model.nameOf(id)}`;
      const late = process.dead ? ' LATE, of a dead process,' : fault === 'late' ? ' LATE,' : '';
      const done = entry.committed ? ', done' : '';
      this.tell(`${what}:${late}${by} ${entry.status}${done}${fault === undefined ? '' : ` [${fault}]`}`);
    }
    this.judge(() => model.committed(entry, this.#result(response.body, entry.committed)));
    return response;
  }

  /** What a change gave. Where the response was replaced, the state tells, all but the secret. */
  #result(body: string, committed: boolean): Record<string, unknown> {
    if (!committed) return {};
    const field = (name: string): string | undefined => new RegExp(`"${name}": "?([^",\n]+)`).exec(body)?.[1];
    if (field('secret') !== undefined)
      return {
        id: field('id'),
        name: field('name'),
        secret: field('secret'),
        expiration: Number(field('expiration')),
      };
    const known = new Set(this.model.ids());
    const made = this.reference.snapshot().keys.find((key) => !known.has(String(Reflect.get(key, 'id'))));
    return made === undefined ? {} : { id: Reflect.get(made, 'id'), name: Reflect.get(made, 'name') };
  }

  #signer({ headers }: FetchInit): string | undefined {
    const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
    return encoded === undefined ? undefined : atob(encoded).split(':')[0];
  }

  #shown(method: string, pathname: string): string {
    const path = pathname.replace(/^\/api\/v4/, '').replace(/[0-9a-f]{24}/, (id) => this.model.nameOf(id));
    return `${method} ${path}`;
  }

  #bury<T>(process: Process, where: string): Promise<T> {
    process.dead = true;
    this.tell(`${where}: ${process.name} DIES`);
    return never();
  }

  /** The store as one process sees it. */
  store(process: Process): CredentialStore {
    const inner = this.#store;
    return {
      read: async () => {
        if (process.dead) return never();
        await this.#task(`${process.name} read`);
        const found = await inner.read();
        const fault = process.storeFault?.(false);
        if (fault !== undefined) this.tell(`${process.name} read: failed`);
        await this.#task(`${process.name} read: done`);
        if (process.dead) return never();
        if (fault !== undefined) throw new Error('the store is down');
        return found;
      },
      write: async (record, options) => {
        const what = `${process.name} write ${record.phase} ${record.epoch}`;
        if (process.dead) return never();
        if (process.dies?.('before', true) === true) return this.#bury(process, `${what} (not sent)`);
        const fault = process.storeFault?.(true);
        if (process.dies?.('on its way', false) === true) this.#bury(process, `${what} (on its way)`);
        await this.#task(what);
        if (fault === 'late') await this.#task(`${what} (late)`);
        const written = await this.#write(record, options, what, process, fault);
        if (process.dies?.('after', false) === true) this.#bury(process, `${what} (done)`);
        await this.#task(`${what}: done`);
        if (process.dead) return never();
        if (fault === 'written, response lost') throw new Error('the connection to the store was lost');
        if (written instanceof Error) throw written;
        return written;
      },
    };
  }

  async #write(
    record: RotationRecord,
    options: { readonly ifMatch: string | null },
    what: string,
    process: Process,
    fault: StoreFault | undefined,
  ) {
    const mark = fault === undefined ? '' : ` [${fault}]`;
    try {
      if (fault === 'failed') throw new Error('the store is full');
      // One that reports a conflict although nobody else has written: a proxy that sends a write twice does.
      const written = await this.#store.write(readRecord(revealRecord(record)), options);
      const late = process.dead ? ' LATE, of a dead process' : '';
      const { current, previous, pending, lease } = record;
      const keys = [current, previous, pending?.key].map((key) =>
        key == null ? '-' : this.model.nameOf(key.id),
      );
      this.tell(
        `${what}:${late} current ${keys[0]}, previous ${keys[1]}, pending ${keys[2]}, ${lease?.owner ?? 'free'}${mark}`,
      );
      this.judge(() => this.model.written(record));
      return fault === 'conflict' ? new StoreConflictError('The record') : written;
    } catch (error) {
      this.tell(`${what}: ${error instanceof Error ? error.message.slice(0, 40) : 'failed'}${mark}`);
      return error instanceof Error ? error : new Error('failed');
    }
  }
}

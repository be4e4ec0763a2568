/**
 * An in-memory BlazeMeter to test against. No `node:` module is imported from here.
 *
 * @module blazemeter-client/testing
 */

export type { ExplainedBehaviour } from './behaviours.ts';
export type { ClockOptions, ClockPosition, ReferenceClock, TimeOffset, TimeParts } from './clock.ts';
export { type ConformanceLine, type ConformanceOptions, runConformance } from './conformance/conformance.ts';
export type {
  BodySchema,
  RouteDefinition,
  RouteHandler,
  RouteOptions,
  RouteParams,
  RouteRequest,
  Routes,
} from './custom-routes.ts';
export type { CommitSide, FaultEffect, FaultMatch, FaultRule, FaultTime } from './faults/fault-rules.ts';
export type { ActiveFault, Faults } from './faults/faults.ts';
export type { ReferenceFetch } from './fetch.ts';
export {
  type ClientClass,
  type ReadyClientOptions,
  type WithReference,
  withReference,
} from './fixture.ts';
export { REFERENCE_MARKER } from './identity.ts';
export type { Journal, JournalEntry } from './journal.ts';
export { type Listening, type ListenOptions, listen } from './listen.ts';
export type { BodyInput, RouteOverride } from './overrides/override.ts';
export type { Delivery, PlainHeaders, PlainRequest, PlainResponse } from './plain.ts';
export { InvalidInputError } from './read.ts';
export { createReference, type Reference, type ReferenceOptions } from './reference.ts';
export {
  type OperationName,
  type Provenance,
  type ReferenceOperation,
  type Route,
  type RouteKey,
  type RouteOverrides,
  routes,
} from './routes.ts';
export {
  type AccountRole,
  type DefaultWorld,
  defaultWorld,
  type Moment,
  type Seed,
  type SeedAccount,
  type Seeded,
  type SeededKey,
  type SeededThing,
  type SeededUser,
  type SeedKey,
  type SeedProject,
  type SeedTest,
  type SeedUser,
  type SeedWorkspace,
} from './seed/seed.ts';
export type { Snapshot } from './seed/snapshot.ts';
export {
  documented,
  parseSemantics,
  type Semantics,
  type SemanticsOption,
  type SemanticsSwitch,
  semanticsSwitches,
} from './semantics.ts';

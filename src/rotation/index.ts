/**
 * Rotation that cannot lose a key: its calls, its record, and where the record is kept. No `node:` module is imported
 * from here; `fileStore` takes what it needs when it is called.
 *
 * @module blazemeter-client/rotation
 */

export type { CredentialsInput } from '../auth/credentials.ts';
export { Secret, type SecretLike } from '../auth/secret.ts';
export { RotationError, type RotationProblem, StoreConflictError } from '../errors.ts';
export type { Span } from '../util/duration.ts';
export { type FileStoreOptions, fileStore } from './file-store.ts';
export { type FromStoreOptions, fromStore } from './from-store.ts';
export type { HttpStoreOptions, PairKeys, StoreToken } from './http-store.ts';
export { type KubernetesStoreOptions, kubernetesStore } from './kubernetes-store.ts';
export type {
  AdoptOptions,
  NextKeyOptions,
  RotateIfExpiringOptions,
  RotateOptions,
  RunOptions,
} from './options.ts';
export type {
  HeldKey,
  Lease,
  PendingKey,
  Promotion,
  RetiringKey,
  RotationPhase,
  RotationReason,
  RotationRecord,
  SinkHolding,
} from './record.ts';
export { readRecord, revealRecord } from './record-text.ts';
export { type RedisEval, type RedisStoreOptions, redisStore } from './redis-store.ts';
export type { RotationReport } from './report.ts';
export { adopt, resume, rotate, rotateIfExpiring } from './rotate.ts';
export type { Timing } from './run.ts';
export {
  type Sealing,
  type SealingKey,
  type SealingKeyMaterial,
  type SealingOptions,
  sealing,
} from './sealing.ts';
export type { RotationClient } from './service.ts';
export type { SecretSink, SinkAnswer, SinkDelivery, SinkState } from './sink.ts';
export { type CredentialStore, memoryStore, type Versioned } from './store.ts';
export { rotateWithoutRecord } from './unrecorded.ts';
export type { UnrecordedOptions, UnrecordedReport } from './unrecorded-options.ts';
export { type VaultStoreOptions, vaultStore } from './vault-store.ts';

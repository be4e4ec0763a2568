/**
 * Rotation that cannot lose a key: its calls, its record, and where the record is kept. No `node:` module is imported
 * from here; `fileStore` takes what it needs when it is called.
 *
 * @module blazemeter-client/rotation
 */

export type { CredentialsInput } from '../auth/credentials.ts';
export { Secret, type SecretLike } from '../auth/secret.ts';
export { RotationError, type RotationProblem, StoreConflictError } from '../errors.ts';
export type { Duration } from '../util/duration.ts';
export { rotateWithoutRecord } from './ci/unrecorded.ts';
export type {
  AdoptOptions,
  NextKeyOptions,
  RotateIfExpiringOptions,
  RotateOptions,
  RunOptions,
  Timing,
  UnrecordedOptions,
} from './engine/options.ts';
export type { RotationReport, UnrecordedReport } from './engine/report.ts';
export type { RotationClient } from './engine/service.ts';
export type { SecretSink, SinkAnswer, SinkDelivery, SinkState } from './engine/sink.ts';
export { type FromStoreOptions, fromStore } from './reader/from-store.ts';
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
} from './record/record.ts';
export { readRecord, revealRecord } from './record/record-text.ts';
export { adopt, resume, rotate, rotateIfExpiring } from './rotate.ts';
export type { CredentialFields } from './stores/credential-fields.ts';
export { type FileStoreOptions, fileStore } from './stores/file-store.ts';
export type { HttpStoreOptions, StoreToken } from './stores/http-client.ts';
export { type KubernetesStoreOptions, kubernetesStore } from './stores/kubernetes-store.ts';
export { type RedisEval, type RedisStoreOptions, redisStore } from './stores/redis-store.ts';
export {
  type Sealing,
  type SealingKey,
  type SealingKeyMaterial,
  type SealingOptions,
  sealing,
} from './stores/sealing.ts';
export { type CredentialStore, memoryStore, type Versioned } from './stores/store.ts';
export { type VaultStoreOptions, vaultStore } from './stores/vault-store.ts';

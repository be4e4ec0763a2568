// Stores and sinks, as the command line names them.

import { keyFileSink } from '../../node/key-file-sink.ts';
import type { SecretSink } from '../../rotation/engine/sink.ts';
import { fileStore } from '../../rotation/stores/file-store.ts';
import type { CredentialStore } from '../../rotation/stores/store.ts';
import { type Context, pathOf } from './context.ts';
import { refuseTracked } from './git-guard.ts';

/** A file that a secret is written to. */
function guarded(context: Context, path: string, option: string): string {
  const file = pathOf(context, path);
  if (!context.given.flag('allow-in-git')) refuseTracked(file, option, context.io.env);
  return file;
}

/** The store of `--store`. */
export const storeOfFile = (context: Context, path: string): CredentialStore =>
  fileStore(guarded(context, path, '--store'));

/** The sinks of `--sink-file`. */
export const sinksOfFiles = (context: Context, paths: readonly string[]): SecretSink[] =>
  paths.map((path) => keyFileSink(guarded(context, path, '--sink-file')));

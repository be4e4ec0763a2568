// Sources, stores and sinks, as the command line and a manifest name them.

import { type CredentialProvider, type Credentials, parseCredentials } from '../../auth/credentials.ts';
import { CredentialsError } from '../../errors.ts';
import { fromKeyFile } from '../../node/key-file.ts';
import { keyFileSink } from '../../node/key-file-sink.ts';
import { serviceAccount } from '../../node/service-account.ts';
import { fromTaurus } from '../../node/taurus.ts';
import { fileStore } from '../../rotation/file-store.ts';
import { kubernetesStore } from '../../rotation/kubernetes-store.ts';
import type { SecretSink } from '../../rotation/sink.ts';
import type { CredentialStore } from '../../rotation/store.ts';
import { vaultStore } from '../../rotation/vault-store.ts';
import { type Context, fetchOf, pathOf } from './context.ts';
import { refuseTracked } from './git-guard.ts';
import type { SinkEntry, SourceEntry, StoreEntry } from './manifest.ts';

/** A file that a secret is written to. */
function guarded(context: Context, path: string, option: string, base?: string): string {
  const file = pathOf(context, path, base);
  if (!context.given.flag('allow-in-git')) refuseTracked(file, option, context.io.env);
  return file;
}

/** The store of `--store`. */
export const storeOfFile = (context: Context, path: string): CredentialStore =>
  fileStore(guarded(context, path, '--store'));

/** The sinks of `--sink-file`. */
export const sinksOfFiles = (context: Context, paths: readonly string[]): SecretSink[] =>
  paths.map((path) => keyFileSink(guarded(context, path, '--sink-file')));

/** The store of an entry; `base` is the folder of the manifest. */
export function storeOf(context: Context, entry: StoreEntry, base: string): CredentialStore {
  if ('file' in entry) return fileStore(guarded(context, entry.file, 'store.file', base));
  const fetch = fetchOf(context);
  const send = fetch === undefined ? {} : { fetch };
  if ('vault' in entry) {
    const { tokenEnv, ...vault } = entry.vault;
    return vaultStore({ ...vault, ...send, token: () => variable(context, tokenEnv) });
  }
  const { tokenEnv, server, namespace, ...kubernetes } = entry.kubernetes;
  if (server !== undefined && tokenEnv !== undefined)
    return kubernetesStore({
      ...kubernetes,
      namespace,
      server,
      ...send,
      token: () => variable(context, tokenEnv),
    });
  // What the pod knows is read when it is needed, so that an entry that cannot work stops no other.
  const pod = async () => {
    const found = await serviceAccount({ env: context.io.env });
    const token = tokenEnv === undefined ? found.token : () => variable(context, tokenEnv);
    return kubernetesStore({
      ...kubernetes,
      server: server ?? found.server,
      namespace: namespace ?? found.namespace,
      ...send,
      token,
    });
  };
  return { read: async () => (await pod()).read(), write: async (...args) => (await pod()).write(...args) };
}

/** The sinks of an entry. */
export const sinksOf = (context: Context, entries: readonly SinkEntry[], base: string): SecretSink[] =>
  entries.map(({ keyFile, name }) =>
    keyFileSink(guarded(context, keyFile, 'sinks.keyFile', base), {
      ...(name === undefined ? {} : { name }),
    }),
  );

function variable({ io }: Context, name: string): string {
  const value = io.env[name]?.trim();
  if (!value) throw new CredentialsError(`${name} is not set.`, { source: name });
  return value;
}

/** The pair that an entry begins with. */
export async function pairOf(context: Context, source: SourceEntry, base: string): Promise<Credentials> {
  if ('idEnv' in source)
    return parseCredentials(
      { id: variable(context, source.idEnv), secret: variable(context, source.secretEnv) },
      `${source.idEnv} and ${source.secretEnv}`,
    );
  if ('tokenEnv' in source) return parseCredentials(variable(context, source.tokenEnv), source.tokenEnv);
  const provider: CredentialProvider =
    'keyFile' in source
      ? fromKeyFile(pathOf(context, source.keyFile, base))
      : fromTaurus({ path: pathOf(context, source.taurus, base) });
  const warn = (message: string) => context.terminal.warn(message);
  return parseCredentials(await provider({ reason: 'first', signal: context.interrupt.now, warn }));
}

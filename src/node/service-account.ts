// How a pod reaches its cluster: the address in its environment, and the namespace and token in the files that Kubernetes
// mounts into it. Read only when the function is called.

import { parseOptions, spec } from '../util/options.ts';
import { builtin } from './builtin.ts';
import { ENVIRONMENT_OPTIONS } from './environment.ts';
import { type FileOptions, fileSource, readPrivateFile } from './private-file.ts';
import { broken } from './source.ts';

/** Where the files are, and how they are read. */
export interface ServiceAccountOptions extends FileOptions {
  /** Default: `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly folder?: string | undefined;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** How a pod reaches its cluster. */
export interface ServiceAccount {
  /** The API server's address. */
  readonly server: string;
  /** The pod's own namespace. */
  readonly namespace: string;
  /** Reads the token again: Kubernetes replaces it about every hour. */
  readonly token: () => Promise<string>;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The cluster that this pod runs in, for `kubernetesStore`. The API server's certificate is signed by the cluster's own CA:
 * set `NODE_EXTRA_CA_CERTS=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt` in the pod.
 *
 * @throws `CredentialsError` where this is not a pod, or its token is not mounted.
 * @example
 * ```ts no-run
 * import { serviceAccount } from 'blazemeter-client/node';
 * import { kubernetesStore } from 'blazemeter-client/rotation';
 *
 * const store = kubernetesStore({ ...(await serviceAccount()), name: 'blazemeter' });
 * ```
 */
export async function serviceAccount(options: ServiceAccountOptions = {}): Promise<ServiceAccount> {
  const specs = { ...ENVIRONMENT_OPTIONS, folder: spec.string };
  const given = parseOptions('serviceAccount', specs, options);
  const { folder = FOLDER, env = globalThis.process?.env ?? {} } = given;
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const port = env.KUBERNETES_SERVICE_PORT_HTTPS ?? env.KUBERNETES_SERVICE_PORT ?? '443';
  if (!/^[\w.:-]{1,253}$/.test(host) || !/^\d{1,5}$/.test(port))
    throw broken(
      'KUBERNETES_SERVICE_HOST',
      'or KUBERNETES_SERVICE_PORT is not set or not an address, so this is not a pod. Pass server, namespace and token.',
    );
  const read = async (name: string): Promise<string> => {
    const path = builtin('node:path').join(folder, name);
    const source = fileSource('file', path);
    const text = await readPrivateFile(path, source, given);
    if (text === undefined || text.trim() === '')
      throw broken(
        source,
        'does not exist or is empty. Check that automountServiceAccountToken is not false.',
      );
    return text.trim();
  };
  const namespace = await read('namespace');
  // Once now, so that a missing token is reported here.
  await read('token');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace,
    token: () => read('token'),
  };
}

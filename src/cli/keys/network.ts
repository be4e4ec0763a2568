// Networks with a proxy or a private CA. Node's own fetch learns of either only before the process starts, and in ways that
// differ between 20 and 26; undici's dispatcher works on all of them. It is loaded only where one of both is asked for.

import * as tls from 'node:tls';
import type { EnvHttpProxyAgent as Agent } from 'undici';
import { MIB, readText, shownPath } from '../files.ts';
import { usage } from './exit.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The dispatcher for fetch that this network needs; undefined: none. */
export async function dispatcherFor(env: Env, caFile: string | undefined): Promise<Agent | undefined> {
  const ca = caFile === undefined ? undefined : [...trusted(env), certificates(caFile)];
  const httpsProxy = proxyAddress(env);
  if (ca === undefined && httpsProxy === '') return undefined;
  const { EnvHttpProxyAgent } = await import('undici');
  const secure = ca === undefined ? {} : { ca };
  return new EnvHttpProxyAgent({
    httpsProxy,
    // Plain http goes to this machine only. A proxy would see the credentials.
    httpProxy: '',
    noProxy: env.no_proxy || env.NO_PROXY || '',
    connect: secure,
    requestTls: secure,
    proxyTls: secure,
  });
}

/** The address in HTTPS_PROXY, checked; empty for none. It may hold a password, so it is never quoted. */
function proxyAddress(env: Env): string {
  const name = env.https_proxy ? 'https_proxy' : 'HTTPS_PROXY';
  const given = env[name]?.trim() ?? '';
  if (given === '') return '';
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw usage(`${name} is not the address of a proxy: http://host:port or https://host:port.`);
  try {
    const { username, password } = new URL(text);
    decodeURIComponent(username + password);
  } catch {
    throw usage(`The user name or password in ${name} has a "%" that encodes nothing: write %25 for a "%".`);
  }
  return text;
}

/** Node takes any text for certificates, and leaves out what is none. */
function certificates(path: string): string {
  const text = readText('--ca-file', path, MIB);
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(text)) return text;
  throw usage(`--ca-file ${shownPath(path)}: it holds no certificate in PEM form.`);
}

/** What Node trusts anyway: a list of one's own would replace it. */
function trusted(env: Env): string[] {
  // From Node 22.15 on, with what NODE_EXTRA_CA_CERTS and --use-system-ca add.
  const list: unknown = Reflect.get(tls, 'getCACertificates');
  const all: unknown = typeof list === 'function' ? list('default') : undefined;
  if (Array.isArray(all)) return all.filter((each) => typeof each === 'string');
  const extra = env.NODE_EXTRA_CA_CERTS;
  return [...tls.rootCertificates, ...(extra ? [readText('NODE_EXTRA_CA_CERTS', extra, MIB)] : [])];
}

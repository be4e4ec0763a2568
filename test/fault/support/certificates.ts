// Certificates made on the spot: a private CA, and what it signs.
import { generate } from 'selfsigned';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** The CA's own certificate, PEM: what a client has to trust. */
  readonly ca: string;
  /** A certificate for this machine, or for another name, or one that has run out. */
  issue(options?: { readonly name?: string; readonly expired?: boolean }): Promise<Certificate>;
}

const DAY_MS = 86_400_000;

export async function makeAuthority(): Promise<Authority> {
  const root = await generate([{ name: 'commonName', value: 'Private CA of a test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    ca: root.cert,
    async issue({ name, expired = false } = {}) {
      const now = Date.now();
      const issued = await generate([{ name: 'commonName', value: name ?? 'localhost' }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: root.private, cert: root.cert },
        notBeforeDate: new Date(now - 3 * DAY_MS),
        notAfterDate: new Date(expired ? now - DAY_MS : now + DAY_MS),
        extensions: [
          {
            name: 'subjectAltName',
            altNames:
              name === undefined
                ? [
                    { type: 2, value: 'localhost' },
                    { type: 7, ip: '127.0.0.1' },
                  ]
                : [{ type: 2, value: name }],
          },
        ],
      });
      return { cert: issued.cert, key: issued.private };
    },
  };
}

// A fake of Jenkins' crumbs and of the REST API of its credentials plugin. It is written by us, and is not Jenkins: it was
// made after the plugin's user guide and source (config.xml is served with secrets redacted, and replaced by a POST) and
// after the documentation of the protection against forged requests: with a password, a POST needs a crumb of its own
// session; with an API token it needs none.
import type { Heard, Said } from './serve.ts';

export interface JenkinsFake {
  readonly response: (heard: Heard) => Said;
  /** The credential as it is stored. */
  document: string;
}

const PATH = '/credentials/store/system/domain/_/credential/blazemeter/config.xml';

const text = (escaped: string): string =>
  escaped.replace(/&(?:#(\d+)|lt|gt|amp|quot|apos);/g, (entity, code) =>
    code === undefined
      ? ({ '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" }[entity] ?? '')
      : String.fromCharCode(Number(code)),
  );

/** The text of an element, as a parser would read it. */
export function elementOf(document: string, name: string): string | undefined {
  const inner = new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1];
  return inner === undefined ? undefined : text(inner);
}

/** Whether elements close in the order in which they open, and no ampersand stands alone. */
function wellFormed(document: string): boolean {
  const open: string[] = [];
  let nested = true;
  const rest = document
    .replace(/^<\?xml[^>]*\?>/, '')
    .replace(/<(\/?)([\w.-]+)([^<>]*?)(\/?)>/g, (_, end, name, __, empty) => {
      if (end !== '') nested &&= open.pop() === name;
      else if (empty === '') open.push(name);
      return '';
    });
  return nested && open.length === 0 && !/[<>]|&(?!#\d+;|lt;|gt;|amp;|quot;|apos;)/.test(rest);
}

/** A Jenkins with one credential. `crumbs: false` is one whose protection is off. */
export function jenkinsFake(document: string, { crumbs = true } = {}): JenkinsFake {
  const basic = (password: string) => `Basic ${btoa(`robot:${password}`)}`;
  let sessions = 0;
  const fake: JenkinsFake = {
    document,
    response({ method, path, headers, body }) {
      const byToken = headers.authorization === basic('api-token');
      if (!byToken && headers.authorization !== basic('password'))
        return { status: 401, body: 'Unauthorized' };
      if (path === '/crumbIssuer/api/json') {
        if (!crumbs) return { status: 404 };
        sessions += 1;
        return {
          status: 200,
          headers: { 'set-cookie': [`JSESSIONID.1=node${sessions}; Path=/; HttpOnly`, 'screen=1; Path=/'] },
          body: JSON.stringify({ crumb: `crumb${sessions}`, crumbRequestField: 'Jenkins-Crumb' }),
        };
      }
      if (path !== PATH) return { status: 404 };
      if (method === 'GET')
        return {
          status: 200,
          headers: { 'content-type': 'application/xml' },
          body: fake.document.replace(
            /<(password|secret)>[^<]+<\/\1>/g,
            '<$1>\n    <secret-redacted/>\n  </$1>',
          ),
        };
      const [, session] = /(?:^|; )JSESSIONID\.1=node(\d+)(?:;|$)/.exec(headers.cookie ?? '') ?? [];
      const good = session !== undefined && headers['jenkins-crumb'] === `crumb${session}`;
      if (crumbs && !byToken && !good)
        return { status: 403, body: 'No valid crumb was included in the request' };
      if (method !== 'POST') return { status: 400 };
      if (!headers['content-type']?.startsWith('application/xml')) return { status: 415 };
      // What Jenkins does with another id is not known to us: this one refuses it.
      if (!wellFormed(body) || elementOf(body, 'id') !== 'blazemeter') return { status: 500 };
      fake.document = body;
      return { status: 200 };
    },
  };
  return fake;
}

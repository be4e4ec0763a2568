// Checks requests and responses against docs/openapi.yaml. `checkRequest` and `checkResponse` throw one readable error
// with every violation; checked-fetch.ts does both for all that passes through a fetch.
import type { ValidateFunction } from 'ajv/dist/2020.js';
import {
  type ApiDescription,
  describeApi,
  type OperationRule,
  type ParameterRule,
} from './openapi-document.ts';

export interface CheckedRequest {
  readonly method: string;
  /** Below the server's address, without the query: `/user`. */
  readonly path: string;
  readonly query?: URLSearchParams | string;
  readonly headers?: HeadersInit;
  /** The text as sent. */
  readonly body?: string | undefined;
}

export interface CheckedResponse {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: HeadersInit;
  /** The text as it came. Absent: it was not read to its end, and only status and headers are checked. */
  readonly body?: string | undefined;
}

/** What passed is not what docs/openapi.yaml says. */
export class ContractViolation extends Error {
  readonly violations: readonly string[];

  constructor(subject: string, violations: readonly string[]) {
    super(
      `${subject} is not as docs/openapi.yaml has it:\n${violations.map((each) => `  - ${each}`).join('\n')}`,
    );
    this.name = 'ContractViolation';
    this.violations = violations;
  }
}

let description: ApiDescription | undefined;
/** The document, read once. */
export function api(): ApiDescription {
  description ??= describeApi();
  return description;
}

/** The operation that a method and a path mean, and whether there is such a path at all. */
export function findOperation(method: string, path: string): { known: boolean; operation?: OperationRule } {
  const there = api().operations.filter((each) => each.pattern.test(path));
  const operation = there.find((each) => each.method === method.toUpperCase());
  return { known: there.length > 0, ...(operation === undefined ? {} : { operation }) };
}

export function checkRequest(request: CheckedRequest): void {
  const violations = requestViolations(request);
  if (violations.length > 0) throw new ContractViolation(`${request.method} ${request.path}`, violations);
}

export function checkResponse(response: CheckedResponse): void {
  const violations = responseViolations(response);
  if (violations.length === 0) return;
  throw new ContractViolation(`${response.method} ${response.path} -> ${response.status}`, violations);
}

function problems(validate: ValidateFunction, value: unknown, where: string): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    (error) => `${where}${error.instancePath} ${error.message ?? 'is wrong'}`,
  );
}

function meant(rule: ParameterRule, texts: readonly string[]): unknown {
  if (rule.kind === 'array') return texts;
  const [text = ''] = texts;
  if (rule.kind === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (rule.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

function credentialProblem(header: string | null): string | undefined {
  if (header === null) return 'it carries no Authorization, and the operation wants a key';
  const coded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (coded === undefined) return 'its Authorization is not of the form Basic base64';
  const [id, ...rest] = Buffer.from(coded, 'base64').toString('utf8').split(':');
  return id === '' || rest.join(':') === ''
    ? 'its Authorization is not an id, a colon and a secret'
    : undefined;
}

export function requestViolations({ method, path, query, headers, body }: CheckedRequest): string[] {
  const { known, operation } = findOperation(method, path);
  if (operation === undefined) return [known ? `${path} has no ${method}` : `${path} is no path of the API`];
  const found: string[] = [];
  const sent = new Headers(headers);
  const inPath = operation.pattern.exec(path)?.slice(1) ?? [];
  const inQuery = new URLSearchParams(query);
  for (const [at, rule] of operation.parameters.filter((each) => each.in === 'path').entries())
    found.push(...problems(rule.validate, meant(rule, [decoded(inPath[at] ?? '')]), `path ${rule.name}`));
  for (const rule of operation.parameters.filter((each) => each.in === 'query')) {
    const texts = inQuery.getAll(rule.name);
    if (texts.length === 0) continue;
    if (texts.length > 1 && rule.kind !== 'array') found.push(`query ${rule.name} is there twice`);
    found.push(...problems(rule.validate, meant(rule, texts), `query ${rule.name}`));
  }
  const credential = operation.secured ? credentialProblem(sent.get('authorization')) : undefined;
  if (credential !== undefined) found.push(credential);
  if (sent.has('cookie')) found.push('it brings a cookie');
  if (operation.body === undefined) {
    if (body !== undefined && body !== '') found.push('it has a body, and the operation has none');
    return found;
  }
  if (!/^application\/json\b/.test(sent.get('content-type') ?? ''))
    found.push('its Content-Type is not application/json');
  const value = parsed(body ?? '');
  return value === NOT_JSON
    ? [...found, 'its body is not JSON']
    : [...found, ...problems(operation.body, value, 'body')];
}

export function responseViolations({ method, path, status, headers, body }: CheckedResponse): string[] {
  const { known, operation } = findOperation(method, path);
  if (operation === undefined) return strangerViolations(known, status, body);
  const rule = operation.responses.get(`${status}`);
  if (rule === undefined) return [`the operation has no response ${status}`];
  const got = new Headers(headers);
  const found: string[] = [];
  for (const header of rule.headers) {
    const value = got.get(header.name);
    if (value !== null) found.push(...problems(header.validate, value, `header ${header.name}`));
    else if (header.required) found.push(`header ${header.name} is missing`);
  }
  if (body === undefined) return found;
  if (rule.body === undefined) return body === '' ? found : [...found, 'it has a body, and must not'];
  if (got.get('content-type') !== api().contentType)
    found.push(`header content-type is not ${api().contentType}`);
  const value = parsed(body);
  return value === NOT_JSON
    ? [...found, 'body is not JSON']
    : [...found, ...problems(rule.body, value, 'body')];
}

/** An unknown path is answered by 404; a method that a path lacks by 404 or 405; both with the envelope. */
function strangerViolations(known: boolean, status: number, body: string | undefined): string[] {
  const allowed = known ? [404, 405] : [404];
  if (!allowed.includes(status))
    return [`it is not part of the API: only ${allowed.join(' or ')} may respond`];
  return body === undefined ? [] : problems(api().errorEnvelope, parsed(body), 'body');
}

const NOT_JSON = Symbol('not JSON');
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

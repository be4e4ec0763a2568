// Reads docs/openapi.yaml and turns it into rules that can be asked: one per operation, with compiled schemas. It is
// the only file of the tests that knows how an OpenAPI document is built.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export type Json = Record<string, unknown>;

export interface ParameterRule {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  /** How the text in a URL becomes the value that the schema speaks of. */
  readonly kind: 'integer' | 'boolean' | 'array' | 'string';
  readonly validate: ValidateFunction;
}

export interface HeaderRule {
  readonly name: string;
  readonly required: boolean;
  readonly validate: ValidateFunction;
}

export interface ResponseRule {
  readonly headers: readonly HeaderRule[];
  /** Absent: the response has no body. */
  readonly body?: ValidateFunction;
}

export interface OperationRule {
  readonly id: string;
  readonly method: string;
  readonly template: string;
  readonly pattern: RegExp;
  readonly provenance: unknown;
  /** Whether it wants a key. */
  readonly secured: boolean;
  readonly parameters: readonly ParameterRule[];
  readonly body?: ValidateFunction;
  readonly responses: ReadonlyMap<string, ResponseRule>;
}

export interface ApiDescription {
  readonly raw: Json;
  readonly resolved: Json;
  /** The path of the first server: what stands in front of every path. */
  readonly basePath: string;
  readonly contentType: string;
  readonly operations: readonly OperationRule[];
  /** The error envelope alone, for what the document does not list. */
  readonly errorEnvelope: ValidateFunction;
  compile(schema: unknown): ValidateFunction;
}

const documentPath = fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url));

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function record(value: unknown, what: string): Json {
  if (!isRecord(value)) throw new Error(`docs/openapi.yaml: ${what} is not a mapping.`);
  return value;
}

const entries = (value: unknown, what: string) =>
  value === undefined ? [] : Object.entries(record(value, what));
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Follows `#/a/b~1c`; throws where it leads nowhere. */
export function pointed(root: Json, ref: string): unknown {
  if (!ref.startsWith('#/')) throw new Error(`docs/openapi.yaml: ${ref} leads out of the document.`);
  let at: unknown = root;
  for (const step of ref.slice(2).split('/')) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isRecord(at) || !(key in at)) throw new Error(`docs/openapi.yaml: ${ref} leads nowhere.`);
    at = at[key];
  }
  return at;
}

/** The same tree with what every `$ref` points to in its place. */
function resolveRefs(root: Json, node: unknown = root, trail: readonly string[] = []): unknown {
  if (Array.isArray(node)) return node.map((item) => resolveRefs(root, item, trail));
  if (!isRecord(node)) return node;
  const ref = node.$ref;
  if (typeof ref === 'string') {
    if (Object.keys(node).length > 1) throw new Error(`docs/openapi.yaml: something stands beside ${ref}.`);
    if (trail.includes(ref)) throw new Error(`docs/openapi.yaml: ${ref} leads back to itself.`);
    return resolveRefs(root, pointed(root, ref), [...trail, ref]);
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, resolveRefs(root, value, trail)]),
  );
}

function compiler(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  addFormats.default(ajv);
  ajv.addVocabulary(['x-provenance']);
  ajv.addKeyword({
    keyword: 'x-key-order',
    type: 'object',
    schemaType: 'string',
    error: { message: 'must have its keys in the recorded order' },
    validate: (_: unknown, data: Json, parent?: Json) => {
      const recorded = Object.keys(record(parent?.properties, 'properties beside x-key-order'));
      const present = Object.keys(data).filter((key) => recorded.includes(key));
      return recorded.filter((key) => present.includes(key)).every((key, at) => present[at] === key);
    },
  });
  return ajv;
}

const KINDS = ['integer', 'boolean', 'array'] as const;

export function describeApi(text = readFileSync(documentPath, 'utf8')): ApiDescription {
  const raw = record(parse(text), 'the document');
  const resolved = record(resolveRefs(raw), 'the document');
  const ajv = compiler();
  const compile = (schema: unknown): ValidateFunction => ajv.compile(record(schema, 'a schema'));
  const jsonSchema = (holder: Json) =>
    record(record(record(holder.content, 'content')['application/json'], 'a media type').schema, 'a schema');

  const parameter = (value: unknown): ParameterRule => {
    const { name, in: place, required, schema } = record(value, 'a parameter');
    const kind = KINDS.find((each) => each === record(schema, 'a parameter schema').type) ?? 'string';
    return { name: `${name}`, in: `${place}`, required: required === true, kind, validate: compile(schema) };
  };
  const response = (value: unknown): ResponseRule => {
    const holder = record(value, 'a response');
    const headers = entries(holder.headers, 'headers').map(([name, header]) => {
      const { required, schema } = record(header, 'a header');
      return { name: name.toLowerCase(), required: required === true, validate: compile(schema) };
    });
    return holder.content === undefined ? { headers } : { headers, body: compile(jsonSchema(holder)) };
  };

  const operations = entries(resolved.paths, 'paths').flatMap(([template, value]) => {
    const item = record(value, template);
    const methods = Object.keys(item).filter((key) =>
      ['get', 'post', 'put', 'patch', 'delete'].includes(key),
    );
    return methods.map((method): OperationRule => {
      const operation = record(item[method], `${method} ${template}`);
      const body = operation.requestBody;
      return {
        id: `${operation.operationId}`,
        method: method.toUpperCase(),
        template,
        pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '([^/]+)')}$`),
        provenance: operation['x-provenance'],
        secured: list(operation.security ?? resolved.security).length > 0,
        parameters: [...list(item.parameters), ...list(operation.parameters)].map(parameter),
        ...(body === undefined ? {} : { body: compile(jsonSchema(record(body, 'a request body'))) }),
        responses: new Map(
          entries(operation.responses, 'responses').map(([status, each]) => [status, response(each)]),
        ),
      };
    });
  });

  const server = record(list(resolved.servers)[0], 'the first server');
  const schemas = record(record(resolved.components, 'components').schemas, 'schemas');
  return {
    raw,
    resolved,
    basePath: new URL(`${server.url}`).pathname,
    contentType: `${resolved['x-content-type']}`,
    operations,
    errorEnvelope: compile(schemas.ErrorAnswer),
    compile,
  };
}

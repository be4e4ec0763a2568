// A regular expression as RE2, Python and JavaScript read it alike, run by backtracking with every step counted. What only
// one of them knows is refused, and so is a repetition without an upper bound.

type Node =
  | { readonly kind: 'set'; readonly has: (code: number) => boolean }
  | { readonly kind: 'start' | 'boundary' }
  | { readonly kind: 'group'; readonly capture: boolean; readonly ways: readonly (readonly Node[])[] }
  | {
      readonly kind: 'repeat';
      readonly node: Node;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

/** What a run found, and what it cost. */
export interface Run {
  /** The first group of each match, the whole match where there is no group. */
  readonly found: readonly string[];
  readonly steps: number;
}

const WORD = /\w/;
const SPACE = /\s/;
const LITERAL = /[\w\x20"%:;=>,'/@!#&~`<-]/;

/** @throws Error for what the three do not have in common. */
export function plainRegex(source: string): (text: string) => Run {
  let at = 0;
  const fail = (why: string): never => {
    throw new Error(`${why} at ${at} of ${source}`);
  };
  const take = (text: string): boolean => {
    if (!source.startsWith(text, at)) return false;
    at += text.length;
    return true;
  };

  function ways(): Node[][] {
    const found: Node[][] = [[]];
    while (at < source.length && source[at] !== ')') {
      if (take('|')) found.push([]);
      else found.at(-1)?.push(repeated(atom()));
    }
    return found;
  }

  function repeated(node: Node): Node {
    const [text = '', least = '', , most = least] = /^\{(\d+)(,(\d+))?\}/.exec(source.slice(at)) ?? [];
    at += text.length;
    const optional = text === '' && take('?');
    if (text === '' && !optional) return node;
    if (Number(most) > 1000) fail('RE2 repeats a thousand times at most');
    return {
      kind: 'repeat',
      node,
      least: optional ? 0 : Number(least),
      most: optional ? 1 : Number(most),
      lazy: take('?'),
    };
  }

  function atom(): Node {
    if (take('(')) {
      const capture = !take('?:');
      const node: Node = { kind: 'group', capture, ways: ways() };
      return take(')') ? node : fail('no end of the group');
    }
    if (take('^')) return { kind: 'start' };
    if (take('\\b')) return { kind: 'boundary' };
    if (take('[')) return set();
    return { kind: 'set', has: one(LITERAL) };
  }

  /** A character, escaped or not. */
  function one(plain: RegExp): (code: number) => boolean {
    if (take('\\s')) return (code) => SPACE.test(String.fromCharCode(code));
    const hex = /^\\x([0-9a-f]{2})/.exec(source.slice(at))?.[1];
    if (hex !== undefined) at += 4;
    const escaped = hex === undefined && take('\\');
    const char = hex === undefined ? (source[at++] ?? '') : String.fromCharCode(Number.parseInt(hex, 16));
    if (escaped ? !/[\\.]/.test(char) : hex === undefined && !plain.test(char)) {
      at--;
      fail('not in the common subset');
    }
    return (code) => code === char.charCodeAt(0);
  }

  function set(): Node {
    const not = take('^');
    const parts: ((code: number) => boolean)[] = [];
    while (!take(']')) {
      const [range, from = '', to = ''] = /^(\w)-(\w)/.exec(source.slice(at)) ?? [];
      if (range === undefined) parts.push(one(/[^[\]^&~|]/));
      else {
        at += range.length;
        parts.push((code) => code >= from.charCodeAt(0) && code <= to.charCodeAt(0));
      }
    }
    return { kind: 'set', has: (code) => parts.some((part) => part(code)) !== not };
  }

  const root: Node = { kind: 'group', capture: false, ways: ways() };
  if (at < source.length) fail('one bracket too many');
  return (text) => run(root, text);
}

function run(root: Node, text: string): Run {
  let steps = 0;
  let capture: string | undefined;
  const word = (at: number): boolean => WORD.test(text.charAt(at));

  function match(node: Node, at: number, next: (at: number) => number): number {
    steps++;
    switch (node.kind) {
      case 'set':
        return at < text.length && node.has(text.charCodeAt(at)) ? next(at + 1) : -1;
      case 'start':
        return at === 0 ? next(at) : -1;
      case 'boundary':
        return word(at - 1) !== word(at) ? next(at) : -1;
      case 'group':
        for (const way of node.ways) {
          const end = sequence(way, 0, at, (after) => {
            const before = capture;
            if (node.capture) capture = text.slice(at, after);
            const result = next(after);
            if (result < 0) capture = before;
            return result;
          });
          if (end >= 0) return end;
        }
        return -1;
      case 'repeat':
        return again(node, 0, at, next);
    }
  }

  function sequence(nodes: readonly Node[], index: number, at: number, next: (at: number) => number): number {
    const node = nodes[index];
    return node === undefined ? next(at) : match(node, at, (to) => sequence(nodes, index + 1, to, next));
  }

  function again(
    node: Extract<Node, { kind: 'repeat' }>,
    done: number,
    at: number,
    next: (at: number) => number,
  ): number {
    const more = (): number =>
      done < node.most ? match(node.node, at, (to) => again(node, done + 1, to, next)) : -1;
    if (done < node.least) return more();
    const first = node.lazy ? next(at) : more();
    return first >= 0 ? first : node.lazy ? more() : next(at);
  }

  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    capture = undefined;
    const end = match(root, at, (to) => to);
    if (end > at) found.push(capture ?? text.slice(at, end));
    at = end > at ? end : at + 1;
  }
  return { found, steps };
}

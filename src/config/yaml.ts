import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { type Reason, reason } from '../core/reason.ts';
import { type ConfigMessage, keyOf, type Path } from './message.ts';
import { sayYamlError } from './yaml-errors.ts';

/** A file that is YAML, with every value's place in it. */
export interface Yaml {
  readonly document: Document;
  /** A message about the value at a path (about its key, where there is no value) or about the key itself. */
  message(path: Path, why: Reason, about?: 'key' | 'value'): ConfigMessage;
  /** A message about a node. */
  messageAt(node: Node, path: Path, why: Reason): ConfigMessage;
}

interface Spot {
  /** The value; null where the path leads nowhere. */
  readonly node: Node | null;
  /** The nearest key on the way, where the value has no place of its own. */
  readonly key: Node | null;
}

function pairOf(map: YAMLMap, name: string | number, document: Document): Pair | undefined {
  const named = ({ key }: Pair) => String(isScalar(key) ? key.value : key) === String(name);
  const own = map.items.findLast(named);
  if (own) return own;
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.value !== '<<') continue;
    for (const part of isSeq(value) ? value.items : [value]) {
      const merged = isAlias(part) ? part.resolve(document) : part;
      const pair = isMap(merged) ? pairOf(merged, name, document) : undefined;
      if (pair) return pair;
    }
  }
  return undefined;
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

/** The node at a path; through aliases and merged maps. */
export function locate(document: Document, path: Path): Spot {
  let spot: Spot = { node: asNode(document.contents), key: null };
  for (const part of path) {
    const at: Node | null = isAlias(spot.node) ? (spot.node.resolve(document) ?? null) : spot.node;
    if (isMap(at)) {
      const pair = pairOf(at, part, document);
      if (!pair) return { node: null, key: spot.key };
      spot = { node: asNode(pair.value), key: asNode(pair.key) ?? asNode(pair.value) };
    } else if (isSeq(at) && typeof part === 'number') {
      const item = at.items[part];
      spot = { node: asNode(item), key: asNode(item) ?? spot.key };
    } else return { node: null, key: spot.key };
  }
  return spot;
}

/** The way to a node, as `visit` tells it. */
export function pathOf(node: Node, ancestors: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  const chain = [...ancestors, node];
  chain.forEach((step, depth) => {
    const parent = chain[depth - 1];
    if (isPair(step) && isScalar(step.key)) path.push(String(step.key.value));
    else if (isSeq(parent)) path.push(parent.items.indexOf(step));
  });
  return path;
}

/** The key that stands at an offset; empty when none does. */
function keyAt(document: Document, offset: number): string {
  let key = '';
  visit(document, {
    Scalar(place, node, ancestors) {
      if (place === 'key' && node.range?.[0] === offset) key = keyOf(pathOf(node, ancestors));
    },
  });
  return key;
}

/** Reads YAML. `yaml` is null when the text is none; a key that stands twice is a mistake too, but leaves something. */
export function parseYaml(
  file: string,
  text: string,
): { readonly yaml: Yaml | null; readonly errors: readonly ConfigMessage[] } {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    // Not silent: that would also let a second document pass.
    logLevel: 'error',
    merge: true,
    prettyErrors: false,
    stringKeys: true,
  });
  const at = (offset: number, key: string, why: Reason): ConfigMessage => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, key, reason: why };
  };

  const errors: ConfigMessage[] = [];
  let readable = true;
  // What follows on the same line is only a consequence.
  const add = (message: ConfigMessage) => {
    if (!errors.some(({ line }) => line === message.line)) errors.push(message);
  };
  for (const error of [...document.errors, ...document.warnings]) {
    if (error.code !== 'DUPLICATE_KEY') readable = false;
    // Of what is not YAML nobody knows what is a key and what a secret.
    const key = error.code === 'DUPLICATE_KEY' ? keyAt(document, error.pos[0]) : '';
    add(at(error.pos[0], key, sayYamlError(error.code)));
  }
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return;
      readable = false;
      add(at(alias.range?.[0] ?? 0, '', reason('config-yaml-alias')));
    },
  });
  if (!readable) return { yaml: null, errors };

  const message = (path: Path, why: Reason, about: 'key' | 'value' = 'value'): ConfigMessage => {
    const { node, key } = locate(document, path);
    const empty = !node?.range || node.range[0] === node.range[1];
    const offset = (about === 'key' || empty ? (key?.range ?? node?.range) : node.range)?.[0] ?? 0;
    return at(offset, keyOf(path), why);
  };
  const messageAt = (node: Node, path: Path, why: Reason) => at(node.range?.[0] ?? 0, keyOf(path), why);
  return { yaml: { document, message, messageAt }, errors };
}

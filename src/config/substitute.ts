import { type Document, type Node, type Scalar, visit } from 'yaml';
import { type Reason, reason } from '../core/reason.ts';
import type { Environment } from './environment.ts';
import type { Path } from './message.ts';
import { pathOf } from './yaml.ts';

interface Mistake {
  readonly node: Scalar;
  readonly path: Path;
  readonly why: Reason;
}

const reference = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Puts the environment into the values of a document: `${NAME}`, `${NAME:-default}` (for a variable that is not set or
 * empty), `$${` for a plain `${`. After parsing, so that no value can change the shape of the file. Also takes numbers
 * as written where text is meant (`env: { VERSION: 1.10 }`, `command: [sleep, 5]`).
 * @returns for each value that came from the environment the references in it, and what went wrong.
 */
export function substitute(
  document: Document,
  env: Environment,
): { readonly variables: ReadonlyMap<Node, string>; readonly mistakes: readonly Mistake[] } {
  const variables = new Map<Node, string>();
  const mistakes: Mistake[] = [];
  visit(document, {
    Scalar(place, node, ancestors) {
      if (place === 'key') return;
      // Nearly all values: to work out where they stand would be a tenth of reading a large file.
      if (typeof node.value === 'string' && !node.value.includes('${')) return;
      const path = pathOf(node, ancestors);
      if (isText(path) && node.type === 'PLAIN' && node.source !== undefined && typeof node.value !== 'string') {
        if (node.value !== null) node.value = node.source;
        else if (node.source === '' && path.includes('env')) node.value = '';
      }
      if (typeof node.value !== 'string') return;
      const names: string[] = [];
      const fail = (why: Reason) => mistakes.push({ node, path, why });
      node.value = node.value.replace(reference, (whole, name?: string, otherwise?: string) => {
        if (whole === '$${') return '${';
        if (name === undefined) {
          fail(reason('config-variable-form'));
          return whole;
        }
        names.push(`\${${name}}`);
        const set = Object.hasOwn(env, name) ? env[name] : undefined;
        const value = otherwise === undefined ? set : set || otherwise;
        if (value === undefined) fail(reason('config-variable-unset', { name }));
        return value ?? whole;
      });
      if (names.length > 0) variables.set(node, names.join(' '));
    },
  });
  return { variables, mistakes };
}

/** `services.<name>.env.<variable>`, `services.<name>.command[n]`. */
function isText(path: Path): boolean {
  return path[0] === 'services' && (path[2] === 'env' || path[2] === 'command') && path.length > 3;
}

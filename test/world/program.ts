/**
 * How tests run the program: as it is shipped where the whole suite runs, which has just built it (test/run.sh), else
 * from its sources, which are never out of date.
 */
const root = new URL('../../', import.meta.url);

/** What Node is called with, before the command. */
export const program: readonly string[] =
  process.env.ORBIT_TEST === 'built'
    ? [new URL('dist/main.js', root).pathname]
    : ['--import', import.meta.resolve('tsx'), new URL('src/main.ts', root).pathname];

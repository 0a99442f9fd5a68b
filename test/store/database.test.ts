import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from '../../src/store/database.ts';

function open() {
  const store = openStore(':memory:');
  store.connection.exec('CREATE TABLE said (word TEXT)');
  const add = store.connection.prepare('INSERT INTO said VALUES (?)');
  const words = store.connection.prepare('SELECT word FROM said').pluck();
  return { store, say: (word: string) => void add.run(word), said: () => words.all() };
}

describe('transactions in the store', () => {
  it('keeps nothing of one that throws', () => {
    const { store, say, said } = open();
    assert.throws(() =>
      store.transaction(() => {
        say('a');
        throw new Error('no');
      }),
    );
    assert.deepEqual(said(), []);
  });

  it('keeps nothing of an inner one that throws, and all of those beside it', () => {
    const { store, say, said } = open();
    store.transaction(() => {
      store.transaction(() => say('a'));
      assert.throws(() =>
        store.transaction(() => {
          say('b');
          store.transaction(() => say('c'));
          throw new Error('no');
        }),
      );
      store.transaction(() => say('d'));
    });
    assert.deepEqual(said(), ['a', 'd']);
  });

  it('keeps nothing of the inner ones when the outer one throws', () => {
    const { store, say, said } = open();
    assert.throws(() =>
      store.transaction(() => {
        store.transaction(() => say('a'));
        throw new Error('no');
      }),
    );
    assert.deepEqual(said(), []);
  });
});

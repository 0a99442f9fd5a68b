import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutHtml, plainText, splitHtml } from '../../src/telegram/split.ts';
import { parseHtml } from '../world/telegram/html.ts';

/** As the server counts: code points after parsing. It throws where Telegram would refuse the HTML. */
function seen(html: string): string {
  return parseHtml(html).text;
}
const count = (text: string) => [...text].length;
const squeezed = (text: string) => text.replace(/\s+/g, '');

/** What must hold for every split of every text. */
function checkSplit(html: string, limit = 4096): string[] {
  const parts = splitHtml(html, limit);
  for (const part of parts) {
    assert.ok(count(seen(part)) <= limit, `a part of ${count(seen(part))} code points`);
    assert.doesNotThrow(() => encodeURIComponent(part), 'a character was cut in two');
    assert.notEqual(seen(part).trim(), '', 'Telegram refuses a text without anything to see');
    assert.ok(Buffer.byteLength(part) <= 32_768, 'Telegram refuses a longer raw text');
  }
  assert.equal(squeezed(parts.map(seen).join('')), squeezed(seen(html)), 'something was lost or doubled');
  return parts;
}

test('a text that fits stays as it is', () => {
  assert.deepEqual(splitHtml('<b>all</b> is &lt;well&gt;'), ['<b>all</b> is &lt;well&gt;']);
  assert.deepEqual(splitHtml(`<b>${'x'.repeat(4096)}</b>`), [`<b>${'x'.repeat(4096)}</b>`]);
});

test('4,097 characters become two messages, cut between words', () => {
  const text = 'word '.repeat(820).trimEnd().slice(0, 4097);
  const parts = checkSplit(text.padEnd(4097, 'x'));
  assert.equal(parts.length, 2);
  assert.match(parts[0] ?? '', / $/);
});

test('4,097 characters without any blank are cut where they must', () => {
  assert.deepEqual(
    checkSplit('x'.repeat(4097)).map((part) => part.length),
    [4096, 1],
  );
});

test('lines stay whole where they can', () => {
  const line = 'a line of some length that is easily read';
  const parts = checkSplit(Array.from({ length: 200 }, () => line).join('\n'));
  for (const part of parts) for (const each of part.trim().split('\n')) assert.equal(each, line);
});

test('200 services in one text', () => {
  const text = Array.from(
    { length: 200 },
    (_, n) => `🔴 <b>Service &amp; Co ${n}</b>\n    not answering: <code>http://127.0.0.1:${5000 + n}/health</code>`,
  ).join('\n');
  assert.ok(checkSplit(text).length >= 3);
});

test('open tags are closed at the cut and opened again', () => {
  const text = `<b>bold <i>both ${'y'.repeat(60)}</i></b><pre><code class="language-log">${'z z\n'.repeat(40)}</code></pre>`;
  const parts = checkSplit(text, 50);
  assert.ok(parts[0]?.endsWith('</i></b>'));
  assert.ok(parts[1]?.startsWith('<b><i>'));
  assert.ok(parts.at(-1)?.startsWith('<pre><code class="language-log">'));
});

test('an entity at the cut stays whole and counts as one', () => {
  for (let before = 5; before <= 12; before++) {
    const parts = checkSplit(`${'x'.repeat(before)}&lt;tag&gt; &amp; &quot;&#128293;&#x1F525;`, 10);
    for (const part of parts) assert.doesNotMatch(part, /&[a-z#0-9]*$|^[a-z0-9]+;/i);
  }
  assert.equal(splitHtml('&lt;'.repeat(4096)).length, 1);
});

test('an emoji at the cut stays whole and counts as one', () => {
  assert.deepEqual(checkSplit('🔥'.repeat(11), 10), ['🔥'.repeat(10), '🔥']);
});

test('blank texts and blank parts are not sent', () => {
  assert.deepEqual(splitHtml(' \n<b> </b>'), []);
  checkSplit(`${'x'.repeat(10)}\n${' '.repeat(40)}\ny`, 10);
});

test('random texts: always valid, never too long, nothing lost', () => {
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const atoms = ['a', 'Ж', '🔥', '&lt;', '&amp;', '&#9731;', ' ', ' ', '\n', 'word', '👨‍👩‍👧', '"', "'"];
  const tags = ['b', 'i', 'u', 's', 'code', 'blockquote'];
  for (let round = 0; round < 300; round++) {
    const open: string[] = [];
    let text = '';
    for (let n = random(400); n > 0; n--) {
      const dice = random(12);
      const tag = tags[random(tags.length)] ?? 'b';
      if (dice === 0 && open.length < 5 && !open.includes(tag)) {
        open.push(tag);
        text += `<${tag}>`;
      } else if (dice === 1 && open.length > 0) text += `</${open.pop()}>`;
      else text += atoms[random(atoms.length)];
    }
    text += open
      .reverse()
      .map((tag) => `</${tag}>`)
      .join('');
    if (seen(text).trim() !== '') checkSplit(text, 5 + random(60));
  }
});

test('many tags around little text keep within the limit for raw text', () => {
  checkSplit(`<a href="https://example.org/${'p'.repeat(80)}">xx</a> `.repeat(600));
});

test('a cut text is one valid message that says it is cut', () => {
  const cut = cutHtml(`<b>${'ab '.repeat(2000)}</b>`);
  assert.ok(count(seen(cut)) <= 4096);
  assert.ok(cut.endsWith('…'));
  assert.equal(cutHtml('<b>short</b>'), '<b>short</b>');
});

test('the plain text is what a person would have seen', () => {
  assert.equal(plainText('<b>1 &lt; 2</b> &amp;&quot; &#128293; &unknown; a < b'), '1 < 2 &" 🔥 &unknown; a < b');
});

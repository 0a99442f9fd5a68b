import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHtml } from '../world/telegram/html.ts';
import { codePoints, finishText } from '../world/telegram/text.ts';
import type { Entity } from '../world/telegram/types.ts';
import { toHtml } from '../world/telegram/view.ts';

const refused: readonly [string, string][] = [
  ['<x>a</x>', 'Unsupported start tag "x" at byte offset 0'],
  ['a < b', 'Unsupported start tag "" at byte offset 2'],
  ['я <b', 'Unclosed start tag at byte offset 3'],
  ['😀<br>', 'Unsupported start tag "br" at byte offset 4'],
  ['<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
  ['<b><i>x</i>', 'Can\'t find end tag corresponding to start tag "b"'],
  ['<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
  ['x</b>', 'Unexpected end tag at byte offset 1'],
  ['<b>x</b', 'Unclosed end tag at byte offset 4'],
  ['<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ['<a =x>y</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
  ['<a href', 'Unclosed start tag "a" at byte offset 0'],
  ['<a href="x"', 'Unclosed start tag at byte offset 0'],
  ['<a href=x/y>z</a>', 'Unexpected end of name token at byte offset 8'],
  ['<tg-emoji emoji-id="x">y</tg-emoji>', 'Invalid custom emoji identifier specified'],
  ['<tg-time unix="1" format="z">y</tg-time>', 'Invalid date-time format specified'],
];

const parsed: readonly [string, string, readonly Entity[]][] = [
  ['plain &lt;b&gt; &amp;amp; &quot; &#128512; &#x1F600;', 'plain <b> &amp; " 😀 😀', []],
  ['&nbsp; &unknown;', '&nbsp; &unknown;', []],
  ['<b>a</b>', 'a', [{ type: 'bold', offset: 0, length: 1 }]],
  ['<STRONG>a</STRONG>'.toLowerCase(), 'a', [{ type: 'bold', offset: 0, length: 1 }]],
  ['😀<i>я</i>', '😀я', [{ type: 'italic', offset: 2, length: 1 }]],
  [
    '<b>a<i>b</i></b>',
    'ab',
    [
      { type: 'bold', offset: 0, length: 2 },
      { type: 'italic', offset: 1, length: 1 },
    ],
  ],
  ['<b></b>x', 'x', []],
  ['<span class="tg-spoiler">a</span>', 'a', [{ type: 'spoiler', offset: 0, length: 1 }]],
  ['<pre>a\nb</pre>', 'a\nb', [{ type: 'pre', offset: 0, length: 3 }]],
  ['<code class="language-c">a</code>', 'a', [{ type: 'code', offset: 0, length: 1 }]],
  ['<pre><code class="language-sh">a</code></pre>', 'a', [{ type: 'pre', offset: 0, length: 1, language: 'sh' }]],
  [
    '<a href="https://a.example/?x=1&amp;y">a</a>',
    'a',
    [{ type: 'text_link', offset: 0, length: 1, url: 'https://a.example/?x=1&y' }],
  ],
  ['<a href="nowhere">a</a>', 'a', []],
  ['<blockquote expandable>a</blockquote>', 'a', [{ type: 'expandable_blockquote', offset: 0, length: 1 }]],
  [
    '<tg-time unix="1700000000" format="wDT">then</tg-time>',
    'then',
    [{ type: 'date_time', offset: 0, length: 4, unix_time: 1_700_000_000, date_time_format: 'wDT' }],
  ],
];

describe('HTML parse mode', () => {
  for (const [source, complaint] of refused) {
    it(`refuses ${source}`, () => {
      assert.throws(() => parseHtml(source), { message: `Bad Request: can't parse entities: ${complaint}` });
    });
  }

  for (const [source, text, entities] of parsed) {
    it(`parses ${source}`, () => assert.deepEqual(parseHtml(source), { text, entities }));
  }

  it('is turned back into the tags it came from', () => {
    const source = '<b>a &lt; b</b> <a href="https://a.example/"><i>x</i></a>\n<pre>y</pre>';
    assert.equal(toHtml(parseHtml(source)), source);
  });
});

describe('what Telegram does to a text', () => {
  it('trims it and moves the entities along', () => {
    const finished = finishText(parseHtml('\n  a <b>bold</b>  \n'));
    assert.deepEqual(finished, { text: 'a bold', entities: [{ type: 'bold', offset: 2, length: 4 }] });
  });

  it('finds commands, links, mentions and hashtags, but not in code', () => {
    const { entities } = finishText(
      parseHtml('/status see https://a.example/b, @vera_x #tag <code>/no</code> 1/2 a/b'),
    );
    assert.deepEqual(
      entities.map(({ type }) => type),
      ['bot_command', 'url', 'mention', 'hashtag', 'code'],
    );
  });

  it('counts limits in code points', () => assert.equal(codePoints('😀я'), 2));
});

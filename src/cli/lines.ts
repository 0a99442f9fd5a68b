/**
 * Splits a stream of bytes into lines (UTF-8, without the line feed). A line longer than `maxBytes` yields null and
 * ends it: who sends that does not speak our protocol, and buffering it would let anybody fill our memory.
 * What comes after the last line feed is dropped: a half line is no request.
 */
export async function* readLines(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string | null> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (let feed = chunk.indexOf(10); feed !== -1; feed = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, feed));
      if (size + feed - from > maxBytes) return yield null;
      yield Buffer.concat(pieces).toString('utf8');
      pieces = [];
      size = 0;
      from = feed + 1;
    }
    pieces.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxBytes) return yield null;
  }
}

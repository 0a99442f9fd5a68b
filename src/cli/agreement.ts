import { createInterface } from 'node:readline/promises';

/** Asks yes or no; without a person at a terminal to ask: no. */
export async function isAgreed(text: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return false;
  const question = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes|д|да)$/i.test((await question.question(text)).trim());
  } finally {
    question.close();
  }
}

import { createInterface } from 'node:readline/promises';

/** A yes or no from the person; `no` where nobody is there to ask. */
export async function askYes(question: string, alwaysYes: boolean): Promise<boolean> {
  if (alwaysYes) return true;
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^(y|yes|j|ja)$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

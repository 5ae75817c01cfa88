import { test } from '@playwright/test';

/** Keeps what a run measured with its report, and says it where a person watches. */
export function note(measured: object): void {
  const text = JSON.stringify(measured);
  test.info().annotations.push({ type: 'measured', description: text });
  if (process.env['CLOUDLESS_E2E_JSON'] === undefined) console.log(`  ${text}`);
}

import { expect, test } from 'vitest';
import { applyNames } from './network-names.ts';

const TEXT =
  'GENERAL.TYPE:ethernet\nGENERAL.CONNECTION:--\nGENERAL.METERED:unknown\n\nGENERAL.TYPE:wifi\nGENERAL.CONNECTION:Café\\: guests\nGENERAL.METERED:yes (guessed)\n';

test('a Wi-Fi gets its name and whether it is metered', () => {
  expect(applyNames({ type: 'wifi' }, TEXT)).toEqual({ type: 'wifi', name: 'Café: guests', metered: true });
});

test('a cable that is not connected tells nothing', () => {
  expect(applyNames({ type: 'wired' }, TEXT)).toEqual({ type: 'wired' });
});

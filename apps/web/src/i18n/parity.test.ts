import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CAUSE_CODES,
  ERROR_SENTENCES,
  ERRORS,
  EVENT_KINDS,
  INPUT_RULES,
  JOIN_HOPS,
  JOIN_REFUSALS,
  REFUSAL_FILTERS,
} from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import de from './messages-de.ts';
import en from './messages-en.ts';

type Tree = { readonly [key: string]: string | Tree };

function flatten(tree: Tree, path = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) => {
      const at = path === '' ? key : `${path}.${key}`;
      return typeof value === 'string' ? [[at, value] as const] : [...flatten(value, at)];
    }),
  );
}

/** Arguments, tags and kinds of plural, in an order of their own: what a sentence must have in every language. */
function placeholdersOf(text: string): readonly string[] {
  const names = [...text.matchAll(/\{\s*(\w+)\s*(?:\}|,\s*(\w+))/g)].map(([, name, kind]) => `${name}:${kind ?? ''}`);
  const tags = [...text.matchAll(/<(\w+)>/g)].map(([, tag]) => `<${tag}>`);
  return [...new Set([...names, ...tags])].toSorted();
}

const english = flatten(en as unknown as Tree);
const german = flatten(de as unknown as Tree);

describe('the catalogues', () => {
  it('have the same keys in both languages', () => {
    expect([...german.keys()].toSorted()).toEqual([...english.keys()].toSorted());
  });
  it('have the same placeholders in both languages', () => {
    const differing = [...english].filter(([key, text]) => placeholdersOf(text).join() !== placeholdersOf(german.get(key) ?? '').join());
    expect(differing.map(([key]) => key)).toEqual([]);
  });
  it('leave no text empty', () => {
    expect([...english, ...german].filter(([, text]) => text.trim() === '')).toEqual([]);
  });
  it('are read from every file there is', () => {
    const files = readdirSync(join(import.meta.dirname, '..', '..', 'messages', 'en')).map((file) => file.replace('.json', ''));
    const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    expect(Object.keys(en).map(kebab).toSorted()).toEqual(files.toSorted());
  });
  it('have a sentence for every code of the closed lists', () => {
    const missing = [
      ...Object.keys(ERRORS).flatMap((code) => [`errors.${code}.title`, `errors.${code}.remedy`]),
      ...EVENT_KINDS.map((kind) => `events.${kind}`),
      ...CAUSE_CODES.map((code) => `causes.${code}`),
      ...REFUSAL_FILTERS.map((filter) => `reasons.${filter}`),
      ...Object.keys(ERROR_SENTENCES).map((sentence) => `failures.${sentence}`),
      ...INPUT_RULES.map((rule) => `failures.rule.${rule}`),
      ...JOIN_REFUSALS.map((code) => `addDevice.refusal.${code}`),
      ...JOIN_HOPS.flatMap((hop) => [`addDevice.hop.${hop}`, `addDevice.hopText.${hop}`]),
    ].filter((key) => !english.has(key) || !german.has(key));
    expect(missing).toEqual([]);
  });
  it('speak in the sentence of an error of what it tells, and of nothing else', () => {
    for (const [sentence, params] of Object.entries(ERROR_SENTENCES)) {
      const spoken = placeholdersOf(german.get(`failures.${sentence}`) ?? '').map((placeholder) => placeholder.split(':')[0]);
      expect([sentence, ...new Set(spoken)]).toEqual([sentence, ...params.toSorted()]);
    }
  });
});

describe('the German catalogue', () => {
  it('says du', () => {
    // The imperative with its pronoun, and what else can only be said to a person addressed formally.
    expect([...german].filter(([, text]) => /\p{L}+en Sie\b|\bIhnen\b|\b(?:was|wenn|bis) Sie\b/u.test(text))).toEqual([]);
  });
});

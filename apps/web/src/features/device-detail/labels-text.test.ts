import { describe, expect, it } from 'vitest';
import { labelsToText, readLabels } from './labels-text.ts';

describe('labels as text', () => {
  it('are read as they are written', () => {
    const labels = { 'a.example/zone': 'home', gpu: '' };
    expect(readLabels(labelsToText(labels))).toEqual({ kind: 'labels', labels });
  });
  it('leave out empty lines and blanks around', () => {
    expect(readLabels('\n  a = 1 \n\n')).toEqual({ kind: 'labels', labels: { a: '1' } });
  });
  it('name the line that is none', () => expect(readLabels('a=1\nno label\n')).toEqual({ kind: 'wrong', line: 2 }));
});

/** What a colour says of a state. The accent is no tone: it never means a state. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle';

export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  good: 'text-good',
  busy: 'text-busy',
  warn: 'text-warn',
  bad: 'text-bad',
  idle: 'text-idle',
};

export const TONE_SOFT: Readonly<Record<Tone, string>> = {
  good: 'bg-good-soft',
  busy: 'bg-busy-soft',
  warn: 'bg-warn-soft',
  bad: 'bg-bad-soft',
  idle: 'bg-idle-soft',
};

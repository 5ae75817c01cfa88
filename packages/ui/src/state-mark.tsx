import { cn } from './class-names.ts';
import { TONE_TEXT, type Tone } from './tone.ts';

const SIZE = 'size-3 shrink-0';

/** One shape a tone: a state is told without its colour too. */
export function StateShape({ tone, className }: { readonly tone: Tone; readonly className?: string }) {
  const props = { viewBox: '0 0 12 12', 'aria-hidden': true, className: cn(SIZE, TONE_TEXT[tone], className) } as const;
  switch (tone) {
    case 'good':
      return (
        <svg {...props}>
          <circle cx="6" cy="6" r="4.5" fill="currentColor" />
        </svg>
      );
    case 'busy':
      return (
        <svg {...props}>
          <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="15 10" />
        </svg>
      );
    case 'warn':
      return (
        <svg {...props}>
          <path d="M6 1 11.5 11H.5Z" fill="currentColor" />
        </svg>
      );
    case 'bad':
      return (
        <svg {...props}>
          <path d="m2 2 8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2.4" />
        </svg>
      );
    default:
      return (
        <svg {...props}>
          <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />
        </svg>
      );
  }
}

/** A state: word, shape and colour. */
export function StateMark({ tone, word, className }: { readonly tone: Tone; readonly word: string; readonly className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-1.5 font-medium whitespace-nowrap', TONE_TEXT[tone], className)}>
      <StateShape tone={tone} className={tone === 'busy' ? 'animate-spin [animation-duration:2.4s]' : ''} />
      <span>{word}</span>
    </span>
  );
}

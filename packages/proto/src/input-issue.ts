import type { z } from 'zod';
import type { InputIssue, InputRule } from './errors.ts';
import { NOT_SERVED } from './workload.ts';

type Issue = z.core.$ZodIssue;

const isCounted = (origin: string): boolean => origin === 'string' || origin === 'array' || origin === 'set' || origin === 'map';

function ruleOf(issue: Issue): { readonly rule: InputRule; readonly limit?: number } | undefined {
  switch (issue.code) {
    case 'too_big':
      return { rule: isCounted(issue.origin) ? 'tooLong' : 'tooLarge', limit: Number(issue.maximum) };
    case 'too_small':
      return { rule: isCounted(issue.origin) ? 'tooShort' : 'tooSmall', limit: Number(issue.minimum) };
    case 'invalid_format':
    case 'invalid_key':
      return { rule: 'format' };
    case 'invalid_type':
      return { rule: 'type' };
    case 'invalid_value':
    case 'invalid_union':
      return { rule: 'value' };
    case 'unrecognized_keys':
      return { rule: 'unknownField' };
    default:
      return undefined;
  }
}

/** What zod found wrong, as programs read it and the dashboard says it. */
export function toInputIssue(issue: Issue): InputIssue {
  const { message } = issue;
  return { path: issue.path.join('.'), message, ...(message === NOT_SERVED ? { rule: 'notServed' } : ruleOf(issue)) };
}

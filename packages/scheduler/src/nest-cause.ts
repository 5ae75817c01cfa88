import type { Cause } from '@cloudless/proto';

/** A cause's message as a part of a longer sentence: without the full stop of its own. */
export const asClause = ({ message }: Pick<Cause, 'message'>): string => message.replace(/\.$/, '');

/** The parameters of a sentence that tells of a cause: its own, its code, and its words for who has none for the code. */
export const nestCause = ({ code, message, params }: Cause): Record<string, string | number> => ({ ...params, code, cause: message });

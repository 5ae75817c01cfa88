import type { Cause } from '@cloudless/proto';

/** The parameters of a sentence that tells of a cause: its own, its code, and its words for who has none for the code. */
export const nestCause = ({ code, message, params }: Cause): Record<string, string | number> => ({ ...params, code, cause: message });

import { CloudlessError } from '@cloudless/proto';
import type { Environment } from './config.ts';

/** Flags of commands that run beside a coordinator; each stands for a variable of it. */
export const STORE_FLAGS = { data: { type: 'string' }, url: { type: 'string' } } as const;

export type StoreFlags = { readonly data?: string | undefined; readonly url?: string | undefined };

/**
 * The variables that the flags stand for. They win over those of the environment.
 *
 * @throws CloudlessError `config_invalid`
 */
export function variablesOf({ data, url }: StoreFlags): Environment {
  // As a shell leaves it where a variable is not set. Taken for none, the command would go to the data folder.
  if (url?.trim() === '')
    throw new CloudlessError('config_invalid', 'CLOUDLESS_STORE_URL is empty: name the addresses of the rqlite cluster.');
  return { ...(data === undefined ? {} : { CLOUDLESS_DATA: data }), ...(url === undefined ? {} : { CLOUDLESS_STORE_URL: url }) };
}

/** A message in the words that were typed: where the address was a flag, nobody knows of a variable. */
export const sayAsTyped = (message: string, { url }: StoreFlags): string =>
  url === undefined ? message : message.replaceAll('CLOUDLESS_STORE_URL', '--url');

/** What the tests use of the published client, which brings no types. */
declare module 'rqlite-js' {
  type Answer = {
    hasError(): boolean;
    getFirstError(): Error | undefined;
    toArray(): Record<string, unknown>[];
  };
  type Options = { readonly level?: 'linearizable'; readonly transaction?: boolean };
  export class DataApiClient {
    constructor(hosts: string | readonly string[]);
    query(sql: string | readonly unknown[], options?: Options): Promise<Answer>;
    execute(sql: string | readonly unknown[], options?: Options): Promise<Answer>;
  }
}

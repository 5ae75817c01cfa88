/** What stands on the machine of one data folder. */
export type Installed = {
  readonly dataFolder: string;
  readonly dataExists: boolean;
  readonly programs: readonly { readonly name: string; readonly pid: number }[];
  readonly containers: readonly Labelled[];
  readonly images: readonly Labelled[];
};

export type Labelled = { readonly id: string; readonly name: string };

/** What goes and what stays, as the person reads it before saying yes. */
export function describeRemoval(
  installed: Installed,
  purge: boolean,
): { readonly removes: readonly string[]; readonly keeps: readonly string[] } {
  const removes = [
    ...installed.programs.map(({ name, pid }) => `program    ${name} (pid ${pid})`),
    ...installed.containers.map(({ id, name }) => `container  ${name} (${id.slice(0, 12)})`),
    ...installed.images.map(({ id, name }) => `image      ${name} (${id.replace('sha256:', '').slice(0, 12)})`),
    ...(purge && installed.dataExists ? [`data       ${installed.dataFolder}: database, keys, logs. This cannot be undone`] : []),
  ];
  const keeps = [
    ...(!purge && installed.dataExists ? [`data       ${installed.dataFolder} (remove it too with --purge)`] : []),
    'engine     Docker itself, and every container that Cloudless did not make',
  ];
  return { removes, keeps };
}

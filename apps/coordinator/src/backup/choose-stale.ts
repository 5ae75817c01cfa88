/** Copies that the keeper made itself; whatever else lies in the folder is somebody's. */
const OWN = /^cloudless-\d{4}-\d{2}-\d{2}T[\d-]+Z\.backup$/;

/** Names of copies to remove, so that the newest `kept` stay. Pure. */
export const chooseStale = (names: readonly string[], kept: number): readonly string[] =>
  names
    .filter((name) => OWN.test(name))
    .toSorted()
    .slice(0, -kept);

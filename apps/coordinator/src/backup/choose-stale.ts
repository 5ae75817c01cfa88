/** Copies that the keeper made itself; whatever else lies in the folder is somebody's. */
const OWN = /^cloudless-\d{4}-\d{2}-\d{2}T[\d-]+Z\.backup$/;
/** What one that was killed left behind: as large as the database. */
const OWN_DRAFT = /^cloudless-\d{4}-\d{2}-\d{2}T[\d-]+Z\.backup\.partial/;

/** Names of copies to remove while none is being made, so that the newest `kept` stay; and every draft. Pure. */
export const chooseStale = (names: readonly string[], kept: number): readonly string[] => [
  ...names
    .filter((name) => OWN.test(name))
    .toSorted()
    .slice(0, -kept),
  ...names.filter((name) => OWN_DRAFT.test(name)),
];

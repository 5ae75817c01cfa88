/** Filled in by the container's arguments (`--define:`): each replica serves its own. */
declare const CLOUDLESS_DEVICE: string;
declare const CLOUDLESS_REPLICA: string;
declare const CLOUDLESS_APP: string;
declare const CLOUDLESS_ALLOCATION: string;

const fields: Readonly<Record<string, string>> = {
  device: CLOUDLESS_DEVICE,
  replica: CLOUDLESS_REPLICA,
  app: CLOUDLESS_APP,
  allocation: CLOUDLESS_ALLOCATION,
};

for (const element of document.querySelectorAll<HTMLElement>('[data-field]')) {
  element.textContent = fields[element.dataset['field'] ?? ''] ?? '';
}
document.title = `Welcome from ${CLOUDLESS_DEVICE} · Cloudless`;

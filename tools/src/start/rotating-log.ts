import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';

/** A log file that never grows past its limits. */
export interface RotatingLog {
  write(text: string | Uint8Array): void;
  close(): void;
}

const FILE_BYTES = 8 * 2 ** 20;
const KEPT_FILES = 3;

/**
 * Appends to `path`; at 8 MB it becomes `path.1`, that one `path.2`, and the oldest of three goes. A full disk loses lines, not
 * the program that writes them.
 */
export function openRotatingLog(path: string, fileBytes = FILE_BYTES): RotatingLog {
  let written = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let file = openSync(path, 'a', 0o600);

  function rotate(): void {
    closeSync(file);
    rmSync(`${path}.${KEPT_FILES}`, { force: true });
    for (let index = KEPT_FILES - 1; index >= 0; index -= 1) {
      const from = index === 0 ? path : `${path}.${index}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${path}.${index + 1}`);
    }
    file = openSync(path, 'a', 0o600);
    written = 0;
  }

  return {
    write(text) {
      try {
        if (written >= fileBytes) rotate();
        written += typeof text === 'string' ? writeSync(file, text) : writeSync(file, text);
      } catch {
        // No space: the lines are lost, and the coordinator says so about the disk itself.
      }
    },
    close: () => closeSync(file),
  };
}

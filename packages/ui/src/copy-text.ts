/**
 * Puts a text on the clipboard. Browsers have `navigator.clipboard` on HTTPS and on localhost only; elsewhere the old command does it, with
 * a selection inside `place`, because a dialog takes the focus back from what lies outside of it.
 * @returns whether it is there
 */
export async function copyText(text: string, place: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, place);
  }
}

function copyBySelection(text: string, place: HTMLElement): boolean {
  const selection = getSelection();
  const before = Array.from({ length: selection?.rangeCount ?? 0 }, (_, index) => selection?.getRangeAt(index)).filter(
    (range) => range !== undefined,
  );
  const copied = document.createElement('span');
  copied.className = 'sr-only whitespace-pre select-text';
  copied.ariaHidden = 'true';
  copied.textContent = text;
  place.append(copied);
  // What is copied is the text itself, whatever the browser makes of how it is laid out.
  const asIs = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopPropagation();
  };
  copied.addEventListener('copy', asIs);
  try {
    selection?.selectAllChildren(copied);
    // oxlint-disable-next-line typescript/no-deprecated -- the only way without a secure context
    return document.execCommand('copy');
  } finally {
    copied.remove();
    selection?.removeAllRanges();
    for (const range of before) selection?.addRange(range);
  }
}

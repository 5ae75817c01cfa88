'use client';

import { Command } from 'cmdk';
import { Search } from 'lucide-react';
import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { useDialogFocus } from './dialog-focus.ts';

export type CommandEntry = {
  readonly id: string;
  readonly label: string;
  /** Further words by which it is found. */
  readonly keywords?: readonly string[];
  readonly icon?: ReactNode;
  readonly hint?: ReactNode;
  readonly onSelect: () => void;
};
export type CommandGroup = { readonly heading: string; readonly entries: readonly CommandEntry[] };

export type CommandMenuProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly label: string;
  readonly placeholder: string;
  readonly emptyText: string;
  readonly groups: readonly CommandGroup[];
  readonly search: string;
  readonly onSearch: (search: string) => void;
};

const Entry = ({ entry }: { readonly entry: CommandEntry }) => (
  <Command.Item
    value={entry.id}
    keywords={[entry.label, ...(entry.keywords ?? [])]}
    onSelect={entry.onSelect}
    className="flex min-h-9 items-center gap-2 rounded-md px-2 data-[selected=true]:bg-raised [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-soft"
  >
    {entry.icon}
    <span className="min-w-0 flex-1 truncate">{entry.label}</span>
    {entry.hint === undefined ? null : <span className="text-xs text-ink-soft">{entry.hint}</span>}
  </Command.Item>
);

/** A search over everything that can be gone to or done, by keyboard. */
export function CommandMenu({ open, onOpenChange, label, placeholder, emptyText, groups, search, onSearch }: CommandMenuProps) {
  const focus = useDialogFocus();
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          {...focus}
          aria-describedby={undefined}
          className="fixed inset-x-2 top-2 z-50 mx-auto max-w-xl animate-appear overflow-hidden rounded-lg border bg-surface shadow-lg sm:top-[14vh]"
        >
          <Dialog.Title className="sr-only">{label}</Dialog.Title>
          <Command label={label} loop>
            <div className="flex items-center gap-2 border-b px-3">
              <Search aria-hidden className="size-4 text-ink-soft" />
              <Command.Input
                placeholder={placeholder}
                value={search}
                onValueChange={onSearch}
                className="h-11 w-full bg-transparent outline-none max-sm:text-lg"
              />
            </div>
            <Command.List label={label} className="max-h-[min(24rem,60dvh)] overflow-y-auto p-1">
              <Command.Empty className="px-2 py-6 text-center text-ink-soft">{emptyText}</Command.Empty>
              {groups
                .filter(({ entries }) => entries.length > 0)
                .map(({ heading, entries }) => (
                  <Command.Group
                    key={heading}
                    heading={heading}
                    className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-soft"
                  >
                    {entries.map((entry) => (
                      <Entry key={entry.id} entry={entry} />
                    ))}
                  </Command.Group>
                ))}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

import { clsx, type ClassValue } from 'clsx';
import { twMerge } from 'tailwind-merge';

/** Joins class names; of two Tailwind classes that set the same property, the later wins. */
export const cn = (...classes: readonly ClassValue[]): string => twMerge(clsx(classes));

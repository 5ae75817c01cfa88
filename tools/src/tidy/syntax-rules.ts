import ts from 'typescript';
import type { SourceFile } from '../programs/repository.ts';
import type { Finding } from './rules.ts';

const parse = ({ path, text }: SourceFile): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function collect(file: SourceFile, find: (node: ts.Node) => string | undefined): readonly Finding[] {
  const findings: Finding[] = [];
  const tree = parse(file);
  visit(tree, (node) => {
    const fault = find(node);
    if (fault === undefined) return;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    findings.push(`${file.path}:${line + 1}: ${fault}`);
  });
  return findings;
}

const BANNED_WORDS = new Set(['manager', 'helper', 'helpers', 'util', 'utils', 'obj']);
const wordsOf = (name: string): readonly string[] => name.split(/(?<=[a-z0-9])(?=[A-Z])|_/).map((word) => word.toLowerCase());

/** Declared names that say nothing: what a thing manages or helps with is its name. */
export function findBannedNames(file: SourceFile): readonly Finding[] {
  return collect(file, (node) => {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isInterfaceDeclaration(node);
    if (!isDeclaration || node.name === undefined || !ts.isIdentifier(node.name)) return undefined;
    const word = wordsOf(node.name.text).find((part) => BANNED_WORDS.has(part));
    return word === undefined ? undefined : `"${node.name.text}": the word "${word}" says nothing`;
  });
}

const ALIASABLE = new Set(['Math', 'process']);

/** `const M = Math` would slip past the ban on `Math.random`, and `const { env } = process` past that on `process.env`. */
export function findAliases(file: SourceFile): readonly Finding[] {
  return collect(file, (node) => {
    if (!ts.isIdentifier(node) || !ALIASABLE.has(node.text)) return undefined;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent)) return undefined;
    if (ts.isVariableDeclaration(parent) && parent.initializer === node) return `${node.text} under another name hides what is used of it`;
    if (ts.isElementAccessExpression(parent)) return `${node.text}[…] hides what is used of it`;
    return undefined;
  });
}

const SPOKEN_ATTRIBUTES = new Set(['title', 'alt', 'placeholder', 'label', 'aria-label', 'aria-description']);
const hasWords = (text: string): boolean => /\p{L}{2,}/u.test(text);

/** Text that people read comes from the message catalogue. */
export function findUntranslated(file: SourceFile): readonly Finding[] {
  return collect(file, (node) => {
    if (ts.isJsxText(node) && hasWords(node.text)) return `untranslated text "${node.text.trim().slice(0, 40)}"`;
    if (!ts.isJsxAttribute(node) || node.initializer === undefined || !ts.isStringLiteral(node.initializer)) return undefined;
    const name = node.name.getText();
    return SPOKEN_ATTRIBUTES.has(name) && hasWords(node.initializer.text)
      ? `untranslated ${name} "${node.initializer.text.slice(0, 40)}"`
      : undefined;
  });
}

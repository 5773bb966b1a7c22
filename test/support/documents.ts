/** The documents, and the blocks of code in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

export const readDocument = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export interface Block {
  /** Of its first line. */
  line: number;
  /** The nearest heading above it. */
  heading: string;
  language: string;
  text: string;
  /** What the machine must have to run it: the comment `<!-- needs: X Y -->` in the line above, and curl if it is called. */
  needs: string[];
  /** The file whose content it is: the line above ends with its name in backticks and a colon. */
  file?: string;
  /** What the document shows right after it as the output. */
  output?: string;
}

/** The fenced blocks of a document, in order; a block that is the output of the one above it belongs to that one. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const fence = /(?:^ *<!-- needs: (?<needs>[\w -]+) -->\n)?^(?<indent> *)```(?<language>\w*)\n(?<body>.*?)^ *```$/gms;
  let end = -1;
  for (const { 0: whole, index, groups = {} } of markdown.matchAll(fence)) {
    const { needs, indent = '', language = '', body = '' } = groups;
    const text = body.trimEnd().replaceAll(`\n${indent}`, '\n').slice(indent.length);
    const last = blocks.at(-1);
    const isOutput = ['json', 'text'].includes(language) && markdown.slice(end, index).trim() === '';
    if (isOutput && last?.language === 'sh') {
      last.output = text;
    } else {
      const before = markdown.slice(0, index + whole.indexOf('```'));
      const heading = before.match(/^#+ .*$/gm)?.at(-1) ?? '';
      const line = before.split('\n').length + 1;
      const file = /`(\/[^`\s]+)`:\s+$/.exec(before)?.[1];
      const programs = /\bcurl /.test(text) ? ['curl'] : [];
      const all = [...(needs?.split(' ') ?? []), ...programs];
      blocks.push({ line, heading, language, text, needs: all, ...(file === undefined ? {} : { file }) });
    }
    end = index + whole.length;
  }
  return blocks;
}

/** An answer as a page shows it: its lines are broken where no text is; `…` stands for any text. */
export function answerPattern(documented: string): RegExp {
  const text = documented.replaceAll(/,\n/g, ',').replace(/^\(nothing\)$/, '');
  return new RegExp(
    `^${text
      .split('…')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    's',
  );
}

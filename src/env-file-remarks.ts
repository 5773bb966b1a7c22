import { nearestName } from './nearest-name.ts';
import { SETTING_NAMES } from './settings.ts';

/** The file `.env`: its text, and the names that it sets. */
export interface EnvFile {
  readonly text: string;
  readonly names: readonly string[];
}

/** What is odd about the names in `.env`. */
export function envFileRemarks({ text, names }: EnvFile): string[] {
  return [...unknownNames(names), ...repeatedNames(text, names)];
}

/** What is shown of a file with secrets: a line that was broken in two may begin with a part of one. */
const SHOWN = /^[A-Z][A-Z0-9_]{0,39}$/;

function unknownNames(names: readonly string[]): string[] {
  const unknown = names.filter((name) => !SETTING_NAMES.some((known) => known === name));
  const words = unknown.flatMap((name) => {
    const meant = nearestName(name, SETTING_NAMES);
    if (meant !== undefined) return [`${name} (did you mean ${meant}?)`];
    return SHOWN.test(name) ? [name] : [];
  });
  const others = unknown.length - words.length;
  if (others > 0) words.push(`${others} that ${others === 1 ? 'is' : 'are'} not written like a setting`);
  return words.length === 0 ? [] : [`names in .env that cc-jobs does not know: ${words.join(', ')}`];
}

function repeatedNames(text: string, names: readonly string[]): string[] {
  const lines = text.replaceAll(/=\s*(["'`])[^"'`]*\1/g, '='); // a value in quotes may have several lines
  const written = [...lines.matchAll(/^\s*(?:export\s+)?([\w.-]+)\s*=/gm)].map(([, name]) => name);
  const repeated = names.filter((name) => SHOWN.test(name) && written.filter((other) => other === name).length > 1);
  return repeated.length === 0
    ? []
    : [`names that occur more than once in .env: ${repeated.join(', ')}; the last counts`];
}

import { type Command, type NamedCommand, noArguments } from './command.ts';

/** `commands` loads those of the command line, this one included. */
export function manualCommand(commands: () => Promise<readonly NamedCommand[]>): Command {
  return {
    usage: `cc-jobs man

Prints the manual page, which contains the help of every command:  cc-jobs man | man -l -
To install it:  cc-jobs man > /usr/local/share/man/man1/cc-jobs.1`,
    isShort: true,
    async run(args, io) {
      noArguments(args);
      io.stdout.write(manualPage(await commands()));
      return 0;
    },
  };
}

/** In the language of man(7). */
function manualPage(commands: readonly NamedCommand[]): string {
  return `.TH CC-JOBS 1
.SH NAME
cc-jobs \\- the job database of a ClusterCockpit installation as an HTTP service
.SH SYNOPSIS
.B cc-jobs
.I COMMAND
[\\fIOPTION\\fR]...
.SH DESCRIPTION
Settings come from the environment and from .env in the current folder. docs/settings.md lists them.
.SH COMMANDS
${commands.map(({ name, summary, usage }) => `.SS ${escaped(`${name}: ${summary}`)}\n.nf\n${escaped(usage)}\n.fi`).join('\n')}
.SH EXIT STATUS
0: done. 1: failed. 2: refused before anything was done, because of a setting or an argument.
`;
}

/** Text as it is: a line that begins with a dot or an apostrophe would be a request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=['.])/gm, '\\&');
}

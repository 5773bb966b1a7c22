// Pages cut long texts and lists. The API has all of them.

/** Characters of a name, a tag or a host, if nothing else is said. */
export const SHOWN_CHARACTERS = 200;
/** Characters of the name of a job in a list. */
export const LISTED_NAME_CHARACTERS = 200;
/** Characters of a tag that fit in a line. */
export const TAG_CHARACTERS = 100;
/** Tags of a job in a list. A listed job has one more if there are others. */
export const MOST_LISTED_TAGS = 8;
/** Characters of host names and keys of the metadata on the page of a job. */
export const BRIEF_NAME_CHARACTERS = 300;
/** How many hosts and entries of the metadata the page of a job shows, and how much of the text of an entry. */
export const BRIEF = { hosts: 500, entries: 50, characters: 20_000 } as const;

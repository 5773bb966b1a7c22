import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { BerReader, BerWriter, BindRequest, ExtendedRequest, type Filter, SearchRequest } from 'ldapts';

const TLS = join(import.meta.dirname, '../fixtures/tls');
/** The certificate of test directories, for `localhost` and 127.0.0.1. It is its own CA. */
export const CERTIFICATE = join(TLS, 'certificate.pem');
export const KEY = join(TLS, 'key.pem');

/** Entries that tests of a directory have in common. */
export const BASE = 'ou=people,dc=example';
export const SEARCHER = { dn: 'cn=searcher,dc=example', password: 'of the searcher' };
export const PEOPLE = [
  { uid: 'lea', name: 'Lea L.', password: 'password of lea' },
  { uid: 'ldap', name: 'Lena L.', password: 'password of ldap' },
  { uid: 'ada', name: 'Ada of the directory', password: 'password of ada there' },
  { uid: 'o,b*(c)\\d=e+f', name: 'Odd', password: 'password of odd' },
];

/** Settings of the service at a directory of these entries. */
export const DIRECTORY_SETTINGS = {
  LDAP_USER_BIND: `uid={username},${BASE}`,
  LDAP_USER_BASE: BASE,
  LDAP_SEARCH_DN: SEARCHER.dn,
  LDAP_ADMIN_PASSWORD: SEARCHER.password,
  LDAP_CA_FILE: CERTIFICATE,
};

const OPERATION = { bind: 0x60, unbind: 0x42, search: 0x63, extended: 0x77 };
const RESPONSE = { bind: 0x61, entry: 0x64, search: 0x65, extended: 0x78 };
const INVALID_CREDENTIALS = 49;
/** A value in a DN (RFC 4514): characters with a meaning are escaped. */
const VALUE = String.raw`((?:\\[0-9a-f]{2}|[^\\,+"<>;=#\0])*)`;

type Write = (bytes: Buffer) => void;
export interface Asked {
  operation: keyof typeof OPERATION;
  id: number;
  write: Write;
  socket: Socket;
}
/** Answers a request instead of the directory. Returns false to let the directory answer. */
type Hook = (asked: Asked) => boolean;

export type TestDirectory = Awaited<ReturnType<typeof testDirectory>>;

/**
 * An LDAP server in this process with the entries above, whose answers a test can replace. What real servers do is tested
 * with slapd, where it is installed.
 */
export async function testDirectory() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state = {
    url: `ldap://localhost:${port}`,
    hook: undefined as Hook | undefined,
    /** The names of the operations, the DNs of binds and the filters of searches. */
    asked: [] as string[],
    people: [...PEOPLE],
    /** Closes all connections. */
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      state.hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function serve(socket: Socket): void {
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const reader = new BerReader(rest);
        if (rest.length < 2 || reader.readSequence() === null || reader.remain < reader.length) return;
        const end = reader.offset + reader.length;
        const message = rest.subarray(0, end);
        rest = rest.subarray(end);
        answer(message, socket);
      }
    });
  }

  function answer(message: Buffer, socket: Socket): void {
    const reader = new BerReader(message);
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const tag = reader.readSequence();
    const write: Write = (bytes) => socket.write(bytes);
    const operation = (Object.keys(OPERATION) as (keyof typeof OPERATION)[]).find((name) => OPERATION[name] === tag);
    if (operation === undefined || operation === 'unbind') {
      socket.end();
      return;
    }
    if (operation === 'bind') {
      const { dn, password } = read(new BindRequest({ messageId: id }), reader);
      state.asked.push(`bind ${dn}`);
      if (state.hook?.({ operation, id, write, socket }) === true) return;
      write(result(id, RESPONSE.bind, knows(dn, password) ? 0 : INVALID_CREDENTIALS));
      return;
    }
    if (operation === 'extended') {
      read(new ExtendedRequest({ messageId: id }), reader);
      state.asked.push('StartTLS');
      if (state.hook?.({ operation, id, write, socket }) === true) return;
      write(result(id, RESPONSE.extended, 0));
      socket.removeAllListeners('data');
      const secure = new TLSSocket(socket, { isServer: true, cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) });
      secure.on('error', () => {});
      serve(secure);
      return;
    }
    const { filter } = read(new SearchRequest({ messageId: id, filter: undefined as unknown as Filter }), reader);
    state.asked.push(`search ${filter.toString()}`);
    if (state.hook?.({ operation, id, write, socket }) === true) return;
    for (const { uid, name } of state.people) {
      const found = { uid, gecos: name, objectClass: 'posixAccount', objectclass: 'posixAccount' };
      if (filter.matches(found)) write(entry(id, `uid=${uid}`, { uid: [uid], gecos: [name] }));
    }
    write(result(id, RESPONSE.search, 0));
  }

  function knows(dn: string, password: string): boolean {
    if (password === '') return true; // an anonymous bind, as real directories have it
    if (dn === SEARCHER.dn) return password === SEARCHER.password;
    const [, escaped] = new RegExp(`^uid=${VALUE},${BASE}$`).exec(dn) ?? [];
    if (escaped === undefined) return false; // another DN, or none
    const bytes = escaped.replaceAll(/\\([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return state.people.some(({ uid, password: theirs }) => uid === bytes && theirs === password);
  }
  return state;
}

function read<Message extends { parse(reader: BerReader, controls: never[]): void }>(
  message: Message,
  reader: BerReader,
): Message {
  message.parse(reader, []);
  return message;
}

/** The end of an answer, with this result code. */
export function result(id: number, tag: number, code: number): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString('a text of the directory');
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

export function resultOf({ operation, id }: Asked, code: number): Buffer {
  return result(id, operation === 'unbind' ? 0 : RESPONSE[operation], code);
}

/** An entry in the answer to a search. */
export function entry(id: number, dn: string, attributes: Record<string, string[]>): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(RESPONSE.entry);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values) writer.writeString(value);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

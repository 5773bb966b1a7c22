import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { escapedForDn } from '../../src/nodejs/ldap-directory.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { BASE, CERTIFICATE, KEY, PEOPLE, SEARCHER } from './test-directory.ts';

/** slapd of Debian, installed or unpacked into a folder of PATH. Undefined without it. */
export const SLAPD = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'slapd'))
  .find((path) => existsSync(path));

export interface Slapd {
  /** ldap://, where only StartTLS makes a bind possible. */
  url: string;
  /** ldaps://. */
  secureUrl: string;
  close(): Promise<void>;
}

/** A real OpenLDAP server with the entries of test directories. */
export async function startSlapd(path: string): Promise<Slapd> {
  const folder = makeFolder();
  const root = join(dirname(realpathSync(path)), '../..'); // of the unpacked package
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'lib/x86_64-linux-gnu'];
  const schemas = existsSync(join(root, 'etc/ldap/schema')) ? join(root, 'etc/ldap/schema') : '/etc/ldap/schema';
  const env = { LD_LIBRARY_PATH: libraries.map((library) => join(root, library)).join(':') };
  const conf = join(folder, 'slapd.conf');
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    conf,
    `${['core', 'cosine', 'nis', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`).join('\n')}
modulepath ${join(root, 'usr/lib/ldap')}
moduleload back_mdb
TLSCertificateFile ${CERTIFICATE}
TLSCertificateKeyFile ${KEY}
security simple_bind=1
sizelimit unlimited
database mdb
maxsize 10485760
suffix dc=example
rootdn cn=root,dc=example
directory ${join(folder, 'data')}
access to attrs=userPassword by anonymous auth
access to * by dn.exact="${SEARCHER.dn}" read
`,
  );
  const ldif = join(folder, 'entries.ldif');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const people = PEOPLE.map(
    ({ uid, name, password }, nth) => `dn:: ${base64(`uid=${escapedForDn(uid)},${BASE}`)}
objectClass: account
objectClass: posixAccount
uid:: ${base64(uid)}
cn: x
gecos: ${name}
uidNumber: ${1000 + nth}
gidNumber: 1000
homeDirectory: /home
userPassword: ${password}
`,
  );
  const tree = [
    'dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: example\n',
    'dn: ou=people,dc=example\nobjectClass: organizationalUnit\n',
    `dn: ${SEARCHER.dn}\nobjectClass: person\nsn: x\nuserPassword: ${SEARCHER.password}\n`,
    ...people,
  ];
  writeFileSync(ldif, tree.join('\n'));
  execFileSync(join(dirname(path), 'slapadd'), ['-f', conf, '-l', ldif], { env, stdio: 'pipe' });
  const [port, securePort] = [await freePort(), await freePort()];
  const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${securePort}/`;
  const child = spawn(path, ['-d', '0', '-f', conf, '-h', urls], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await answering(port, ended);
  return {
    url: `ldap://localhost:${port}`,
    secureUrl: `ldaps://localhost:${securePort}`,
    async close() {
      child.kill('SIGTERM');
      await ended;
      removeFolder(folder);
    },
  };
}

async function answering(port: number, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  for (;;) {
    if (isOver) throw new Error('slapd did not start');
    const socket = connect(port, '127.0.0.1');
    const event = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connect'));
      socket.once('error', () => resolve('error'));
    });
    socket.destroy();
    if (event === 'connect') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

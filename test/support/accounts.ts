/** The password of all accounts below. */
export const PASSWORD = 'correct horse';
/** The bcrypt hash of PASSWORD, with the lowest possible cost. */
export const HASH = '$2a$04$IN3KT1XhsadQYYO.imFOTu/YmWDkdGxgiy3SOmSE/05Ybc1.XN8ZO';

/** One account of each kind. `ldap` comes from a directory, `blank` has no password. */
export const ACCOUNTS = `INSERT INTO hpc_user (username, password, ldap, name, roles, projects) VALUES
  ('root', '${HASH}', 0, 'Root R.', '["admin","api"]', '[]'),
  ('sue', '${HASH}', 0, 'Sue S.', '["support"]', '[]'),
  ('max', '${HASH}', 0, 'Max M.', '["manager","user"]', '["p2"]'),
  ('ada', '${HASH}', 0, 'Ada A.', '["user"]', '[]'),
  ('nil', '${HASH}', 0, 'Nil N.', '[]', '[]'),
  ('ldap', '${HASH}', 1, 'Lea L.', '["user"]', '[]'),
  ('blank', NULL, 0, 'Blank B.', '["user"]', '[]');`;

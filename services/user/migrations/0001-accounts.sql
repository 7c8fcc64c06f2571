create table accounts (
  id text primary key,
  -- Empty: the local account of an unclaimed instance.
  email text not null,
  name text not null,
  role text not null check (role in ('owner', 'member')),
  -- Argon2id; empty: nobody can sign in by password.
  password text not null,
  -- Raised to end all sessions.
  version integer not null default 1,
  created_at timestamptz not null default now()
);
create unique index accounts_by_email on accounts (lower(email)) where email <> '';

-- One row: which account is the local one, and whether it was claimed.
create table instance (
  one boolean primary key default true check (one),
  local_account text not null references accounts (id),
  claimed boolean not null default false
);

create table sessions (
  -- SHA-256 of the secret that the browser holds.
  hash text primary key,
  account text not null references accounts (id) on delete cascade,
  version integer not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sessions_by_account on sessions (account);

create table tickets (
  hash text primary key,
  account text not null references accounts (id) on delete cascade,
  version integer not null,
  session_expires_at timestamptz not null,
  expires_at timestamptz not null
);

create table spells (
  id text primary key,
  owner text not null,
  name text not null,
  description text not null,
  revision integer not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index spells_by_change on spells (owner, updated_at desc, id desc);
create index spells_by_name on spells (owner, name);

-- json, not jsonb, wherever a document or an entry is kept: its text comes back as it went in.
create table revisions (
  spell text not null references spells (id) on delete cascade,
  revision integer not null,
  document json not null,
  created_at bigint not null,
  primary key (spell, revision)
);

-- Unsaved documents that ran, by the hash of their text.
create table drafts (
  hash text primary key,
  document json not null
);

create table runs (
  id text primary key,
  owner text not null,
  spell text not null references spells (id) on delete cascade,
  revision integer not null,
  draft text,
  -- The sub-spells this run was compiled with: {reference: [spell, revision]}.
  library json not null,
  limits json not null,
  session text not null,
  keeps_state boolean not null,
  status text not null,
  inputs json not null,
  outputs json not null,
  error json,
  last_seq bigint not null,
  digest text not null,
  attempt integer not null,
  runner text,
  started_at bigint not null,
  ended_at bigint not null
);
create index runs_by_start on runs (spell, started_at desc, id desc);
create index runs_at_work on runs (runner) where ended_at = 0;

create table entries (
  run text not null references runs (id) on delete cascade,
  seq bigint not null,
  entry json not null,
  primary key (run, seq)
);

create table idempotency_keys (
  owner text not null,
  key text not null,
  run text not null,
  created_at timestamptz not null default now(),
  primary key (owner, key)
);

create table state (
  owner text not null,
  spell text not null references spells (id) on delete cascade,
  -- Empty: the user's copy of the spell. Else a session.
  session text not null,
  key text not null,
  value json not null,
  revision integer not null default 1,
  primary key (owner, spell, session, key)
);

-- One lease per runner, by this database's clock.
create table runners (
  id text primary key,
  lease_until timestamptz not null,
  draining boolean not null default false
);

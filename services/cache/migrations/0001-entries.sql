-- What is kept may be lost: neither table is written to the log, both are empty after a crash of the database.
create unlogged table entries (
  -- A user, or `:` and the name of a service that keeps something for nobody.
  owner text not null,
  namespace text not null,
  key text not null,
  value bytea not null,
  -- What it counts for: the value, its key, and what the row itself takes.
  bytes integer not null,
  -- Written late and in batches.
  used_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (owner, namespace, key)
);
alter table entries alter column value set storage external;
create index entries_by_use on entries (owner, used_at) include (bytes);
create index entries_by_end on entries (expires_at);

-- Who computes a value now, and until when that is believed.
create unlogged table claims (
  owner text not null,
  namespace text not null,
  key text not null,
  claim text not null,
  lease_until timestamptz not null,
  primary key (owner, namespace, key)
);

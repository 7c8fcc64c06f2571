-- Secrets of accounts. Each value is encrypted with a key of its own, and that one with a key of the instance.
create table kept_secrets (
  account text not null references accounts (id) on delete cascade,
  name text not null,
  -- Which key of the instance.
  key_id text not null,
  wrapped_key bytea not null,
  value bytea not null,
  updated_at timestamptz not null default now(),
  -- When it was last given to a run.
  used_at timestamptz,
  primary key (account, name)
);
create index kept_secrets_by_key on kept_secrets (key_id);

-- The key of an instance that was given none. One row.
create table instance_key (
  one boolean primary key default true check (one),
  key bytea not null,
  created_at timestamptz not null default now()
);

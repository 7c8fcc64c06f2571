-- What is to be written to a Weaviate that was away. In order of `seq`; of one object the last one counts.
create table outbox (
  seq bigint generated always as identity primary key,
  -- Not a reference: what is to be removed outlives its collection here.
  collection integer not null,
  -- Where it goes: `{className, tenant, properties}`.
  place jsonb not null,
  kind text not null check (kind in ('upsert', 'delete', 'filter', 'drop')),
  -- Of an object; empty: it is about many.
  object text not null default '',
  -- JSON text.
  body text,
  attempts integer not null default 0,
  -- Why Weaviate refuses it for good; null: it waits. Kept to be looked at.
  refused text,
  created_at timestamptz not null default now()
);
create unique index outbox_by_object on outbox (collection, object) where object <> '';
create index outbox_waiting on outbox (seq) where refused is null;

-- Which process sends. There is one row.
create table outbox_sender (
  id boolean primary key default true check (id),
  holder text,
  until timestamptz
);
insert into outbox_sender default values;

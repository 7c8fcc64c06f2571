create sequence places;
create table events (
  owner text not null,
  id text not null,
  -- In which order they were kept: what happened in the same millisecond is told in this order.
  seq bigint not null,
  agent_id text not null,
  client text not null,
  channel text not null,
  sender text not null,
  type text not null,
  content text not null,
  -- A JSON text; empty: nothing else is known.
  data text not null,
  entities text[] not null,
  -- Milliseconds since 1970.
  at bigint not null,
  created_at timestamptz not null default now(),
  -- Of its line in a transcript.
  tokens integer not null,
  -- What its texts take in an answer.
  bytes integer not null,
  -- Of its content; and `@` with its owner, so that nobody's search reads the words of others.
  words tsvector not null,
  primary key (owner, id)
);
create index events_by_time on events (owner, at, seq);
create index events_by_agent on events (owner, agent_id, at, seq) where agent_id <> '';
create index events_by_client on events (owner, client, at, seq) where client <> '';
create index events_by_channel on events (owner, channel, at, seq) where channel <> '';
create index events_by_sender on events (owner, sender, at, seq) where sender <> '';
create index events_by_type on events (owner, type, at, seq) where type <> 'message';
create index events_by_age on events (owner, created_at);
create index events_by_words on events using gin (words);

-- Which entities an event is about; no row outlives its event.
create table mentions (
  owner text not null,
  entity text not null,
  at bigint not null,
  seq bigint not null,
  id text not null,
  primary key (owner, entity, at, seq)
);

-- How long each user wants events to be kept.
create table retention (
  owner text primary key,
  keep_ms bigint not null,
  most bigint not null
);

-- What the vector store does not have as it is now (mesh/index-queue.ts).
create table indexing (
  owner text not null,
  id text not null,
  version bigint not null default 1,
  collection text,
  attempts integer not null default 0,
  -- Null: the vector store has it.
  due_at timestamptz default now(),
  lease_until timestamptz,
  primary key (owner, id)
);
create index indexing_due on indexing (due_at) where due_at is not null;
create index indexing_collection on indexing (collection);
create index indexing_waiting on indexing (owner, due_at) where due_at is not null;

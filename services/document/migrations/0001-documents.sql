create table collections (
  owner text not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (owner, name)
);

create table documents (
  id text primary key,
  -- Newest last; pages of a list stand on it.
  seq bigint generated always as identity,
  owner text not null,
  collection text not null,
  name text not null,
  title text not null,
  -- Whether a person gave the title: then no reading changes it.
  title_given boolean not null,
  media_type text not null,
  -- A URL, or empty.
  source text not null default '',
  -- A flat JSON object, as it was sent.
  metadata text not null,
  -- The file's name among the blobs; empty: it was not got yet.
  blob text not null default '',
  size_bytes bigint not null default 0,
  -- SHA-256, base64url; empty: there is no file, or it is the same as another one's.
  hash text not null default '',
  -- What its server said of the version that was got.
  etag text not null default '',
  last_modified text not null default '',
  chunk_size integer not null,
  chunk_overlap integer not null,

  -- What can be read: the pieces of this reading, 0 for none, and what it found.
  shown integer not null default 0,
  -- Of the file that they are of.
  shown_hash text not null default '',
  type text not null default '',
  language text not null default '',
  encoding text not null default '',
  pages integer not null default 0,
  chunks integer not null default 0,
  characters bigint not null default 0,
  -- Of the vectors: `provider/model`, each once; an empty one: of some pieces there are none.
  models text[] not null default '{}',
  -- The model that the last reading used; null: none was finished.
  model text,

  -- The job. `deleted`: nobody sees it any more, what belongs to it is being removed.
  state text not null check (state in ('pending', 'parsing', 'embedding', 'ready', 'failed', 'skipped', 'deleted')),
  progress real not null default 0,
  code text not null default '',
  message text not null default '',
  attempts integer not null default 0,
  new_chunks integer not null default 0,
  kept_chunks integer not null default 0,
  without_vectors boolean not null default false,
  -- The reading that is wanted; raised by what makes the one before worthless.
  generation integer not null default 1,
  -- What the wanted reading found; null: the file was not read through yet.
  reading jsonb,
  -- Whether its source is to be asked first: empty: no; `read`: it is read again in any case; `look`: only where there is something new.
  refetch text not null default '' check (refetch in ('', 'look', 'read')),
  -- How often a process ended while it read this file.
  crashes integer not null default 0,
  -- How often in a row it could not go on for now.
  waits integer not null default 0,
  -- Raised when all its objects must be written to the vector store again.
  object_version integer not null default 1,
  -- When there is something to do; null: there is nothing.
  due_at timestamptz,
  -- Unique to who works on it now, until when that is believed.
  lease text,
  lease_until timestamptz,
  -- Raised with each change that people can see.
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index documents_by_hash on documents (owner, collection, hash) where hash <> '' and state <> 'deleted';
create unique index documents_by_source on documents (owner, collection, source) where source <> '' and state <> 'deleted';
create index documents_by_owner on documents (owner, seq);
create index documents_by_due on documents (due_at) where due_at is not null;
create index documents_at_work on documents (owner) where state in ('pending', 'parsing', 'embedding');

-- Pieces, by reading: those of `documents.shown` are the ones that people see.
create table chunks (
  document text not null,
  generation integer not null,
  position integer not null,
  -- Made of the document, the text, the headings, and how many such pieces stand before it.
  id text collate "C" not null,
  text text not null,
  page integer not null,
  last_page integer not null,
  headings jsonb not null,
  begins bigint not null,
  ends bigint not null,
  kind text not null,
  primary key (document, generation, position)
);
-- Unique, so that planners take it even before they know any figures.
create unique index chunks_by_id on chunks (id, generation);

-- What is, is to be, or is to be no longer in the vector store: a piece and the model that made its vector (empty: it has none).
create table objects (
  document text not null,
  chunk text collate "C" not null,
  model text not null,
  -- 32-bit floats, the lowest byte first. Kept, so that no change of anything else needs the model again.
  vector bytea,
  -- `documents.object_version` of the last writing; 0: it was not written yet.
  version integer not null default 0,
  primary key (document, chunk, model)
);
alter table objects alter column vector set storage external;

-- Files that no document has any more, or not yet: they are removed when their time has come.
create table loose_blobs (
  name text primary key,
  due_at timestamptz not null
);
create index loose_blobs_by_due on loose_blobs (due_at);

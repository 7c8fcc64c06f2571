-- What is known of whom and what, as it is now. Times in milliseconds since 1970, by the database's clock.
create table entities (
  owner text not null,
  id text not null,
  kind text not null,
  name text not null,
  -- The name as it is compared.
  folded text not null,
  aliases json not null,
  about text not null,
  attributes json not null,
  version integer not null,
  created_at bigint not null,
  updated_at bigint not null,
  -- The latest time that any change counts from.
  last_at bigint not null,
  -- Where it went, and since when it answers as that one.
  merged_into text,
  merged_at bigint,
  primary key (owner, id)
);
create unique index entities_by_name on entities (owner, kind, folded) where merged_into is null;
create index entities_by_change on entities (owner, updated_at desc, id desc) where merged_into is null;
create index entities_merged on entities (owner, merged_into) where merged_into is not null;

-- Everything that it is called, and the threes of letters in that: for names that are alike.
create table names (
  owner text not null,
  entity text not null,
  folded text not null,
  primary key (owner, folded, entity),
  foreign key (owner, entity) references entities on delete cascade
);
create index names_by_entity on names (owner, entity);
create table grams (
  owner text not null,
  gram text not null,
  entity text not null,
  primary key (owner, gram, entity),
  foreign key (owner, entity) references entities on delete cascade
);
create index grams_by_entity on grams (owner, entity);

create table changes (
  owner text not null,
  entity text not null,
  version integer not null,
  -- Since when it was so, and when it was written down.
  at bigint not null,
  written_at bigint not null,
  by text not null,
  kind text not null,
  -- What was set, and the entity after it in the order of `at`; of relations, null.
  patch json,
  state json,
  relation json,
  fields json not null,
  primary key (owner, entity, version),
  foreign key (owner, entity) references entities on delete cascade
);
create index changes_by_time on changes (owner, entity, at, version);

-- When relations held: of one relation these times never overlap.
create table relations (
  owner text not null,
  from_id text not null,
  kind text not null,
  to_id text not null,
  to_event boolean not null,
  -- It held from `since` until before `until`; null: it goes on.
  since bigint not null,
  until bigint,
  -- Since when it is told to be: earlier than `since` where it came over from one that was merged.
  began bigint not null,
  -- `{at, value}`: what was said about it, since when.
  attributes json not null,
  primary key (owner, from_id, kind, to_id, to_event, since)
);
create index relations_to on relations (owner, to_id, since);
create index relations_from on relations (owner, from_id, since);

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

-- What is known of each collection, whatever keeps its objects. Ids are never given again.
create table collections (
  id integer generated always as identity primary key,
  driver text not null,
  owner text not null,
  name text not null,
  dimensions integer not null,
  properties jsonb not null,
  created_at timestamptz not null default now(),
  unique (driver, owner, name)
);

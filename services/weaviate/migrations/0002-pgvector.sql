-- The tables of each collection that pgvector keeps: objects_<id> and terms_<id>, which are made with it. All writes to a collection lock its row here.
create table tables (
  collection integer primary key,
  -- By name: types of the columns that there are.
  columns jsonb not null,
  -- Whether there is a column for vectors.
  vectors boolean not null,
  -- Sums over its objects, which words are weighed by.
  objects bigint not null default 0,
  words bigint not null default 0
);
